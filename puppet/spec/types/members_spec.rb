# frozen_string_literal: true

require 'spec_helper'

describe Puppet::Type.type(:csyncd_members) || (require("#{MODULE_ROOT}/lib/puppet/type/csyncd_members") && Puppet::Type.type(:csyncd_members)) do
  # A stand-in for concat's fragments, of which only type and title are looked at.
  let(:fragment) { Struct.new(:type, :title) { def [](_name) = title } }
  let(:members) do
    hosts = ['web/web1', 'web/web2', 'other/x', 'webb/y'].map { |name| fragment.new(:concat_fragment, "csyncd host #{name}") }
    resource = described_class.new(name: 'web', minimum: minimum, config: config.path)
    allow(resource).to receive(:catalog).and_return(instance_double(Puppet::Resource::Catalog, resources: hosts))
    resource
  end
  let(:property) { members.property(:minimum) }
  # The config in place.
  let(:config) { Tempfile.new('csyncd').tap { |file| File.write(file.path, in_place) } }
  let(:in_place) { '' }

  context 'with as many hosts as there must be' do
    let(:minimum) { 2 }

    it { expect(property.insync?(property.retrieve)).to be true }
  end

  context 'with fewer' do
    let(:minimum) { 3 }

    it { expect(property.insync?(property.retrieve)).to be false }
    it { expect { property.set(3) }.to raise_error(Puppet::Error, %r{only 2 hosts.*at least 3.*min_hosts => 2}) }
  end

  context 'with half of those that there have been' do
    let(:minimum) { 'half' }

    { 0 => true, 1 => true, 2 => true, 4 => true, 5 => false }.each do |number, held|
      context "when there have been #{number}" do
        let(:in_place) { { 'groups' => { 'web' => { 'hosts' => (1..number).map { |n| { 'name' => "web#{n}" } } } } }.to_yaml }

        it { expect(property.insync?(property.retrieve)).to be held }
      end
    end

    ['', "---\n", "groups: {}\n", "groups: { web: { hosts: 3 } }\n", "groups: [\n"].each do |text|
      context "when the config was #{text.inspect}" do
        let(:in_place) { text }

        it { expect(property.insync?(property.retrieve)).to be true }
      end
    end

    it { expect(property.insync?(2)).to be true }

    context 'when this node is the only one that is left' do
      let(:in_place) { { 'groups' => { 'web' => { 'hosts' => [{ 'name' => 'web1' }, { 'name' => 'web2' }] } } }.to_yaml }

      it { expect(property.insync?(1)).to be false }
    end
  end
end
