# frozen_string_literal: true

require 'spec_helper'

describe Puppet::Type.type(:csyncd_members) || (require("#{MODULE_ROOT}/lib/puppet/type/csyncd_members") && Puppet::Type.type(:csyncd_members)) do
  # A stand-in for concat's fragments, of which only type and title are looked at.
  let(:fragment) { Struct.new(:type, :title) { def [](_name) = title } }
  let(:members) do
    hosts = ['web/web1', 'web/web2', 'other/x', 'webb/y'].map { |name| fragment.new(:concat_fragment, "csyncd host #{name}") }
    resource = described_class.new(name: 'web', minimum: minimum)
    allow(resource).to receive(:catalog).and_return(instance_double(Puppet::Resource::Catalog, resources: hosts))
    resource
  end
  let(:property) { members.property(:minimum) }

  context 'with as many hosts as there must be' do
    let(:minimum) { 2 }

    it { expect(property.insync?(property.retrieve)).to be true }
  end

  context 'with fewer' do
    let(:minimum) { 3 }

    it { expect(property.insync?(property.retrieve)).to be false }
    it { expect { property.set(3) }.to raise_error(Puppet::Error, %r{only 2 hosts.*at least 3}) }
  end
end
