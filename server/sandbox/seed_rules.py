"""The rules that seeded alerts come from: CodeQL's own ids and tags, and what other tools make of the same fields."""

from server.sandbox.world import Rule, Tool

CODEQL = Tool("CodeQL", "2.20.1", None)
SEMGREP = Tool("Semgrep OSS", "1.101.0", None)
TRIVY = Tool("Trivy", "0.58.0", "5d9a1f0e-6b53-4b39-9c11-2f3f8a6f7c11")
CHECKOV = Tool("checkov", None, None)
HOUSE_LINT = Tool("house-lint", None, None)


def _codeql(rule_id: str, severity: str, level: str, title: str, *cwes: int) -> Rule:
    tags = ("security", *(f"external/cwe/cwe-{number:03d}" for number in cwes))
    return Rule(rule_id, rule_id, severity, level, title, tags, CODEQL)


def _quality(rule_id: str, title: str, *tags: str) -> Rule:
    return Rule(rule_id, rule_id, "note", None, title, ("maintainability", *tags), CODEQL)


JAVASCRIPT = (
    _codeql("js/xss", "error", "high", "Client-side cross-site scripting", 79, 116),
    _codeql("js/xss-through-dom", "warning", "high", "DOM text reinterpreted as HTML", 79, 116),
    _codeql("js/reflected-xss", "error", "high", "Reflected cross-site scripting", 79, 116),
    _codeql("js/hardcoded-credentials", "warning", "critical", "Hard-coded credentials", 259, 321, 798),
    _codeql("js/sql-injection", "error", "high", "Database query built from user-controlled sources", 89, 90, 943),
    _codeql("js/path-injection", "error", "high", "Uncontrolled data used in path expression", 22, 23, 36, 73, 99),
    _codeql("js/missing-rate-limiting", "warning", "high", "Missing rate limiting", 307, 400, 770),
    _codeql("js/clear-text-logging", "error", "high", "Clear-text logging of sensitive information", 312, 359, 532),
    _codeql("js/server-side-unvalidated-redirect", "warning", "medium", "Server-side URL redirect", 601),
    _codeql("js/insecure-randomness", "warning", "high", "Insecure randomness", 338),
    _codeql("js/prototype-pollution-utility", "warning", "medium", "Prototype-polluting function", 78, 79, 94, 915),
    _codeql("js/code-injection", "error", "critical", "Code injection", 79, 94, 95, 116),
    _quality("js/unused-local-variable", "Unused variable, import, function or class"),
)
JAVA = (
    _codeql("java/sql-injection", "error", "high", "Query built from user-controlled sources", 89, 564),
    _codeql("java/log-injection", "error", "high", "Log injection", 117),
    _codeql("java/unsafe-deserialization", "error", "critical", "Deserialization of user-controlled data", 502),
    _codeql("java/xxe", "error", "critical", "Resolving XML external entity in user-controlled data", 611, 776, 827),
    _codeql("java/path-injection", "error", "high", "Uncontrolled data used in path expression", 22, 23, 36, 73),
    _codeql("java/ssrf", "error", "critical", "Server-side request forgery", 918),
    _codeql("java/spring-disabled-csrf-protection", "error", "high", "Disabled Spring CSRF protection", 352),
    _codeql("java/weak-cryptographic-algorithm", "warning", "high", "Broken or risky cryptographic algorithm", 327),
    _codeql("java/xss", "error", "medium", "Cross-site scripting", 79),
)
PYTHON = (
    _codeql("py/path-injection", "error", "high", "Uncontrolled data used in path expression", 22, 23, 36, 73, 99),
    _codeql("py/sql-injection", "error", "high", "SQL query built from user-controlled sources", 89),
    _codeql("py/clear-text-logging-sensitive-data", "error", "high", "Clear-text logging of secrets", 312, 359, 532),
    _codeql("py/stack-trace-exposure", "error", "medium", "Information exposure through an exception", 209, 497),
    _codeql("py/flask-debug", "error", "high", "Flask app is run in debug mode", 215, 489),
    _codeql("py/weak-sensitive-data-hashing", "warning", "high", "Weak hash of sensitive data", 327, 328, 916),
    _codeql("py/full-ssrf", "error", "critical", "Full server-side request forgery", 918),
    _codeql("py/log-injection", "error", "medium", "Log injection", 117),
    _quality("py/unused-import", "Unused import", "useless-code"),
)
GO = (
    _codeql("go/sql-injection", "error", "high", "Database query built from user-controlled sources", 89),
    _codeql("go/request-forgery", "error", "critical", "Uncontrolled data used in network request", 918),
    _codeql("go/log-injection", "error", "medium", "Log entries created from user input", 117),
    _codeql("go/path-injection", "error", "high", "Uncontrolled data used in path expression", 22, 23, 36, 73, 99),
    _codeql("go/incorrect-integer-conversion", "warning", "high", "Incorrect conversion between integers", 190, 681),
)
INFRASTRUCTURE = (
    Rule("CKV_AWS_18", "CKV_AWS_18", "error", None, "S3 bucket has no access logging", None, CHECKOV),
    Rule("CKV_AWS_145", "CKV_AWS_145", "warning", None, "S3 bucket is not encrypted with KMS", None, CHECKOV),
    Rule("DS-0002", "Misconfiguration", "error", "high", "Image user is root", ("misconfiguration", "HIGH"), TRIVY),
    Rule("CVE-2023-44487", "OsPackageVulnerability", "error", "high", "nghttp2: rapid reset", ("HIGH",), TRIVY),
)
ACTIONS = (
    _codeql("actions/missing-workflow-permissions", "warning", "medium", "Workflow does not limit permissions", 275),
    _codeql("actions/unpinned-tag", "warning", "medium", "Unpinned tag for a third-party action", 829),
)
OTHER_TOOLS = (
    Rule(
        "javascript.express.security.audit.xss.direct-response-write",
        "direct-response-write",
        "warning",
        "medium",
        "User input reaches the response unescaped",
        ("CWE-79: Improper Neutralization of Input", "MEDIUM CONFIDENCE"),
        SEMGREP,
    ),
    Rule(None, "forbidden-call", None, None, "A call that the house rules forbid", None, HOUSE_LINT),
    Rule("HL0007", "todo-in-code", "none", None, "A to-do left in the code", (), HOUSE_LINT),
)
CREDENTIALS = (JAVASCRIPT[3],)
SQL_INJECTION = (JAVA[0], JAVASCRIPT[4])
LOG4SHELL = (
    _codeql("java/log4j-injection", "error", "critical", "Log4j lookup of user input", 20, 74, 400, 502),
    Rule(
        "CVE-2021-44228",
        "LanguageSpecificPackageVulnerability",
        "error",
        "critical",
        "log4j-core: remote code",
        ("CRITICAL",),
        TRIVY,
    ),
)

BY_LANGUAGE = {"TypeScript": JAVASCRIPT, "Java": JAVA, "Python": PYTHON, "Go": GO, "HCL": INFRASTRUCTURE}
EVERYWHERE = (*ACTIONS, *OTHER_TOOLS)
