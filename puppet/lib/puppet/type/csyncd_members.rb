# frozen_string_literal: true

require 'yaml'

Puppet::Type.newtype(:csyncd_members) do
  @doc = <<~DOC
    @summary Fails when a group has fewer hosts in this catalog than it must have

    What depends on it is then left as it is. Hosts that other nodes have exported can be counted only when all of them have been
    collected, which is why this is a type and no check in a manifest.
  DOC

  newparam(:name, namevar: true) do
    desc 'The group.'
  end

  newparam(:config) do
    desc 'The config that would be replaced.'
    defaultto '/etc/csyncd/csyncd.yaml'
  end

  newproperty(:minimum) do
    desc 'The least number of hosts; `half`: half of those that the config has which would be replaced, and not one where it has more.'

    munge { |value| value == 'half' ? value : Integer(value) }

    def retrieve
      resource.members
    end

    def insync?(members)
      members >= least
    end

    def least
      return should unless should == 'half'

      before = resource.members_before
      before > 1 ? [2, (before / 2.0).ceil].max : 1
    end

    def set(_minimum)
      raise Puppet::Error, "csyncd: the group #{resource[:name]} has only #{resource.members} hosts, and must have at least " \
                           "#{least}: its config is left as it is. PuppetDB may have lost some; if the others have really " \
                           "left, set min_hosts => #{resource.members}"
    end
  end

  def members
    prefix = "csyncd host #{self[:name]}/"
    catalog.resources.count { |other| other.type == :concat_fragment && other[:name].start_with?(prefix) }
  end

  def members_before
    hosts = YAML.safe_load(File.read(self[:config])).dig('groups', self[:name], 'hosts')
    hosts.is_a?(Array) ? hosts.size : 0
  rescue SystemCallError, Psych::Exception, NoMethodError, TypeError
    # None, or none that anybody could have worked with.
    0
  end
end
