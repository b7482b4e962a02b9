#!/usr/bin/python
"""The state of a node, for plays that wait for it or report it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: csyncd_info
short_description: The state of a csyncd node
version_added: 0.1.0
description:
  - Asks the daemon of a node what C(csyncd status) shows, and on demand what C(csyncd verify) finds.
  - Changes nothing. A daemon that does not run is no failure of the module.
options:
  verify:
    description:
      - Also compare the directories with those of all other nodes that are there, as C(csyncd verify) does.
    type: bool
    default: false
author:
  - the csyncd authors
attributes:
  check_mode:
    support: full
    description: Changes nothing.
"""

EXAMPLES = r"""
- name: Look at the node
  csyncd.csyncd.csyncd_info:
  register: csyncd

- name: Refuse to go on while a directory is held
  ansible.builtin.assert:
    that: csyncd.state == 'ok'

- name: Prove that all nodes hold the same
  csyncd.csyncd.csyncd_info:
    verify: true
  register: csyncd
  failed_when: csyncd.verify.equal is not true
"""

RETURN = r"""
installed:
  description: Whether the program csyncd is there.
  returned: always
  type: bool
state:
  description: C(ok), C(degraded), C(starting), or C(down) when no daemon answers.
  returned: always
  type: str
  sample: ok
reason:
  description: Why no daemon answers.
  returned: when the state is C(down)
  type: str
problems:
  description: What is not ok, a line each, such as a directory that is held or a node that is away.
  returned: always
  type: list
  elements: str
  sample: ['web/shared: held: more than half of the files would be deleted']
status:
  description: What C(csyncd status --json) says.
  returned: when a daemon answers
  type: dict
verify:
  description: What C(csyncd verify --json) says; its C(equal) is true only when all nodes were compared and hold the same.
  returned: with C(verify)
  type: dict
"""

import json

from ansible.module_utils.basic import AnsibleModule

# Paths that fail, of each directory.
SHOWN = 5


def main():
    module = AnsibleModule(
        argument_spec={"verify": {"type": "bool", "default": False}},
        supports_check_mode=True,
    )
    program = module.get_bin_path("csyncd")
    if program is None:
        module.exit_json(changed=False, installed=False, **down("csyncd is not installed"))
    status, reason = asked(module, [program, "status", "--json"])
    if status is None:
        module.exit_json(changed=False, installed=True, **down(reason))
    facts = {"state": status["state"], "problems": problems(status), "status": status}
    if module.params["verify"]:
        found, reason = asked(module, [program, "verify", "--json"])
        facts["verify"] = {"equal": False, "reason": reason} if found is None else found
    module.exit_json(changed=False, installed=True, **facts)


def down(reason):
    return {"state": "down", "reason": reason, "problems": [reason]}


def problems(status):
    """What keeps C(csyncd status) from saying ok."""
    found = []
    for name, group in sorted(status["groups"].items()):
        for mapping, seen in sorted(group["mappings"].items()):
            said = [seen["state"]] if seen["state"] not in ("ok", "scanning") else []
            said += [seen["reason"]] if seen["reason"] else []
            said += ["%d conflicts" % seen["conflicts"]] if seen["conflicts"] else []
            said += ["%s: %s" % (error["path"], error["message"]) for error in seen["errors"][:SHOWN]]
            found += [": ".join([name + "/" + mapping] + said)] if said else []
        for peer, seen in sorted(group["peers"].items()):
            said = [seen["state"]] if seen["state"] != "ok" else []
            said += ["its config differs"] if seen["config_match"] is False else []
            said += [seen["last_error"]] if said and seen["last_error"] else []
            found += [": ".join([name + "/" + peer] + said)] if said else []
    return found


def asked(module, command):
    """The object that a command prints, or None and what it says instead."""
    dummy, out, err = module.run_command(command)
    try:
        answer = json.loads(out)
    except ValueError:
        return None, err.strip()
    return (answer, None) if "state" in answer or "equal" in answer else (None, out.strip())


if __name__ == "__main__":
    main()
