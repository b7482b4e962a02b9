# frozen_string_literal: true

Puppet::Type.newtype(:csyncd_members) do
  @doc = <<~DOC
    @summary Fails when a group has fewer hosts in this catalog than it must have

    What depends on it is then left as it is. Hosts that other nodes have exported can be counted only when all of them have been
    collected, which is why this is a type and no check in a manifest.
  DOC

  newparam(:name, namevar: true) do
    desc 'The group.'
  end

  newproperty(:minimum) do
    desc 'The least number of hosts.'

    munge { |value| Integer(value) }

    def retrieve
      resource.members
    end

    def insync?(members)
      members >= should
    end

    def set(_minimum)
      raise Puppet::Error, "csyncd: the group #{resource[:name]} has only #{resource.members} hosts, and must have at least " \
                           "#{should} (min_hosts): its config is left as it is. PuppetDB may have lost some; if the others have " \
                           'really left, set min_hosts lower'
    end
  end

  def members
    prefix = "csyncd host #{self[:name]}/"
    catalog.resources.count { |other| other.type == :concat_fragment && other[:name].start_with?(prefix) }
  end
end
