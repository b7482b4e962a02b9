"""What the role derives from the inventory: who is in a group, and which key its members hold."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import re

from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.text.converters import to_text
from ansible.module_utils.parsing.convert_bool import boolean

LOOPBACK = re.compile(r"(localhost|127\.[0-9.]+|::1)$")
INTEGERS = (("backup", "generations"), ("csync2", "port"))
BOOLEANS = (("csync2", "no_ssl"),)


def own_groups(groups, inventory, hostvars, host):
    """The groups that `host` is in, with `hosts` as csyncd.yaml has them and `members` as the inventory has them.

    The members come from the inventory, whatever the play is limited to.
    """
    resolved = [_resolved(group, inventory, hostvars) for group in groups]
    return [group for group in resolved if host in group["members"]]


def directories(groups, node):
    """Where the node keeps what is mapped."""
    return [
        (mapping.get("paths") or {}).get(node, mapping["path"]) for group in groups for mapping in group["mappings"]
    ]


def leaders(groups, hosts):
    """By group the first of its members that is among these hosts."""
    return {group["name"]: next(name for name in group["members"] if name in hosts) for group in groups}


def shared_keys(results):
    """What members answered when they were asked for their keys: by group, the keys `found`, and of whom it is `unknown`."""
    answers = {}
    for result in results:
        if result.get("skipped"):
            continue
        group, member = result["item"]
        answer = answers.setdefault(group["name"], {"found": [], "unknown": []})
        if "content" in result:
            lines = to_text(base64.b64decode(result["content"])).splitlines()
            key = lines[0] if lines else ""
            if key and key not in answer["found"]:
                answer["found"].append(key)
        elif result.get("unreachable") or "not found" not in result.get("msg", ""):
            answer["unknown"].append(member)
    return answers


def _resolved(group, inventory, hostvars):
    source = group.get("inventory_group")
    if source is None and group["name"] in inventory:
        source = group["name"]
    if source is not None and source not in inventory:
        raise AnsibleFilterError("group %s: there is no inventory group %s" % (group["name"], source))
    if source is None:
        raise AnsibleFilterError(
            "group %s: no inventory group has this name; name one with inventory_group" % group["name"]
        )
    members = [name for name in inventory[source] if hostvars[name].get("csyncd_state", "present") != "absent"]
    receivers = group.get("receivers") or []
    # csync2 has one port for all hosts of a group, among its own settings.
    with_port = group.get("backend") != "csync2"
    hosts = [_host(name, hostvars[name], name in receivers, with_port) for name in members]
    strangers = [name for name in receivers if name not in inventory[source]]
    if strangers:
        raise AnsibleFilterError("group %s: receivers: %s is not in %s" % (group["name"], strangers[0], source))
    hosts += [_typed_host(more) for more in group.get("more_hosts") or []]
    key_file = group.get("key_file") or "/etc/csyncd/keys/%s.key" % group["name"]
    foreign = (group.get("csync2") or {}).get("config_file")
    return dict(
        _typed(group),
        backend="csync2" if foreign else group.get("backend", "engine"),
        members=members,
        hosts=hosts,
        key_file=None if foreign else key_file,
        mappings=group.get("mappings") or [],
        actions=group.get("actions") or [],
    )


def _host(name, variables, receives, with_port):
    node = variables.get("csyncd_node", name)
    address = variables.get("csyncd_address", variables.get("ansible_host", node))
    # The controller's way to a machine on itself, or through a tunnel, leads the other nodes to themselves.
    if "csyncd_address" not in variables and LOOPBACK.match(address):
        raise AnsibleFilterError(
            "host %s: ansible_host %s is no address for the other nodes; give it a csyncd_address" % (name, address)
        )
    host = {"name": node}
    if address != node:
        host["address"] = address
    if with_port and variables.get("csyncd_port"):
        host["port"] = int(variables["csyncd_port"])
    if receives:
        host["role"] = "receive"
    return host


def _typed_host(host):
    return dict(host, port=int(host["port"])) if "port" in host else dict(host)


def _typed(group):
    """Numbers that came through a template are strings, which csyncd.yaml does not take."""
    typed = dict(group)
    for convert, places in ((int, INTEGERS), (boolean, BOOLEANS)):
        for section, key in places:
            if key in (typed.get(section) or {}):
                typed[section] = dict(typed[section], **{key: convert(typed[section][key])})
    return typed


class FilterModule(object):
    """Filters of the role csyncd."""

    def filters(self):
        return {
            "directories": directories,
            "leaders": leaders,
            "own_groups": own_groups,
            "shared_keys": shared_keys,
        }
