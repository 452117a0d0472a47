"""The conformance suites' scenarios for servers: which of them this server is held to, and why not to the others.

A suite goes through all of them; what comes of those that do not apply is not looked at, but for their answers' form.
"""

from __future__ import annotations

from collections.abc import Mapping

STABLE, NEXT = "conformance", "conformance-next"
"""The suites, by the names of their packages here: the release and the coming one."""

_BOTH_ERAS = (
    "completion-complete",
    "dns-rebinding-protection",
    "prompts-list",
    "resources-list",
    "server-sse-multiple-streams",
    "tools-list",
)
_SESSIONS = (*_BOTH_ERAS, "ping", "server-initialize")

APPLY: Mapping[tuple[str, str], tuple[str, ...]] = {
    (STABLE, "2025-11-25"): _SESSIONS,
    (NEXT, "2025-11-25"): (*_SESSIONS, "server-session-lifecycle"),
    (NEXT, "2026-07-28"): (
        *_BOTH_ERAS,
        "caching",
        "http-header-validation",
        "input-required-result-unsupported-methods",
        "sep-2164-resource-not-found",
        "server-stateless",
    ),
}
"""The scenarios that must pass, by suite and revision of the specification."""

_TOOL = "calls a tool that only a server made for the suite has; what passes here would say nothing"
_PROMPT = "gets a prompt that only a server made for the suite has"
_RESOURCE = "reads a resource that only a server made for the suite has"
_TASKS = "the extension for tasks is not offered"
_SKILLS = "the extension for skills is not offered"

DO_NOT_APPLY: Mapping[str, str] = {
    "elicitation-sep1034-defaults": _TOOL,
    "elicitation-sep1330-enums": _TOOL,
    "input-required-result-basic-elicitation": _TOOL,
    "input-required-result-basic-list-roots": _TOOL,
    "input-required-result-basic-sampling": _TOOL,
    "input-required-result-capability-check": _TOOL,
    "input-required-result-ignore-extra-params": _TOOL,
    "input-required-result-missing-input-response": _TOOL,
    "input-required-result-multi-round": _TOOL,
    "input-required-result-multiple-input-requests": _TOOL,
    "input-required-result-request-state": _TOOL,
    "input-required-result-result-type": _TOOL,
    "input-required-result-tampered-state": _TOOL,
    "input-required-result-validate-input": _TOOL,
    "json-schema-2020-12": _TOOL,
    "server-sse-polling": _TOOL,
    "tools-call-audio": _TOOL,
    "tools-call-elicitation": _TOOL,
    "tools-call-embedded-resource": _TOOL,
    "tools-call-error": _TOOL,
    "tools-call-image": _TOOL,
    "tools-call-mixed-content": _TOOL,
    "tools-call-sampling": _TOOL,
    "tools-call-simple-text": _TOOL,
    "tools-call-with-logging": _TOOL,
    "tools-call-with-progress": _TOOL,
    "input-required-result-non-tool-request": _PROMPT,
    "prompts-get-embedded-resource": _PROMPT,
    "prompts-get-simple": _PROMPT,
    "prompts-get-with-args": _PROMPT,
    "prompts-get-with-image": _PROMPT,
    "resources-read-binary": _RESOURCE,
    "resources-read-text": _RESOURCE,
    "resources-templates-read": _RESOURCE,
    "http-custom-header-server-validation": "no tool here takes an argument from a header",
    "logging-set-level": "logging is not offered, and not declared",
    "resources-subscribe": "subscribing to resources is not offered, and not declared",
    "resources-unsubscribe": "subscribing to resources is not offered, and not declared",
    "sep-2640-skills-directory": _SKILLS,
    "sep-2640-skills-enumeration": _SKILLS,
    "sep-2640-skills-manifest": _SKILLS,
    "tasks-capability-negotiation": _TASKS,
    "tasks-dispatch-and-envelope": _TASKS,
    "tasks-lifecycle": _TASKS,
    "tasks-mrtr-composition": _TASKS,
    "tasks-mrtr-input": _TASKS,
    "tasks-request-headers": _TASKS,
    "tasks-request-state-removal": _TASKS,
    "tasks-required-task-error": _TASKS,
    "tasks-status-notifications": _TASKS,
    "tasks-wire-fields": _TASKS,
}
"""The scenarios that do not apply to this server, with why."""

_NO_SUBSCRIPTION = ("SKIPPED", "nothing is declared that a subscription would tell of")
_ITS_TOOL = ("FAILURE", "calls `test_missing_capability`, which only a server made for the suite has")

NOT_CHECKED: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "server-stateless": {
        "sep-2575-missing-capability-http-400": _ITS_TOOL,
        "sep-2575-server-rejects-undeclared-capability": _ITS_TOOL,
        "sep-2575-server-honors-notification-filter": _NO_SUBSCRIPTION,
        "sep-2575-server-sends-prompts-list-changed-on-subscription": _NO_SUBSCRIPTION,
        "sep-2575-server-sends-subscription-ack": _NO_SUBSCRIPTION,
        "sep-2575-server-sends-tools-list-changed-on-subscription": _NO_SUBSCRIPTION,
        "sep-2575-server-tags-subscription-id": _NO_SUBSCRIPTION,
    }
}
"""The checks inside a scenario that do not apply, with how the suite marks them then, and why."""
