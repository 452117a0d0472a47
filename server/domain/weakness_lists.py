"""Lists of weaknesses as their publishers made them: CWE numbers (MITRE's Common Weakness Enumeration)."""

from __future__ import annotations

CWE_TOP_25_EDITION = "2025"
CWE_TOP_25: tuple[int, ...] = (
    79,  # cross-site scripting
    89,  # SQL injection
    352,  # cross-site request forgery
    862,  # missing authorization
    787,  # out-of-bounds write
    22,  # path traversal
    416,  # use after free
    125,  # out-of-bounds read
    78,  # OS command injection
    94,  # code injection
    120,  # classic buffer overflow
    434,  # unrestricted upload of dangerous files
    476,  # null pointer dereference
    121,  # stack-based buffer overflow
    502,  # deserialization of untrusted data
    122,  # heap-based buffer overflow
    863,  # incorrect authorization
    20,  # improper input validation
    284,  # improper access control
    200,  # exposure of sensitive information
    306,  # missing authentication for a critical function
    918,  # server-side request forgery
    77,  # command injection
    639,  # authorization bypass through a user-controlled key
    770,  # allocation of resources without limits
)
"""By rank: 25 entries of https://cwe.mitre.org/top25/archive/2025/2025_cwe_top25.html, MITRE's view CWE-1435."""

KEV_TOP_10_EDITION = "2025"
KEV_TOP_10: tuple[int, ...] = (
    78,  # OS command injection
    416,  # use after free
    787,  # out-of-bounds write
    306,  # missing authentication for a critical function
    502,  # deserialization of untrusted data
    22,  # path traversal
    94,  # code injection
    288,  # authentication bypass by another path or channel
    122,  # heap-based buffer overflow
    79,  # cross-site scripting
)
"""By rank: 10 entries of https://cwe.mitre.org/top25/archive/2025/2025_kev_list.html.

MITRE ranks the weaknesses behind the vulnerabilities in CISA's catalog of known exploited vulnerabilities (KEV).
"""

OWASP_TOP_10_EDITION = "2025"
_OWASP_TOP_10 = {
    "A01 Broken Access Control": """
        22 23 36 59 61 65 200 201 219 276 281 282 283 284 285 352 359 377 379 402 424 425 441 497 538 540 548
        552 566 601 615 639 668 732 749 862 863 918 922 1275
    """,
    "A02 Security Misconfiguration": "5 11 13 15 16 260 315 489 526 547 611 614 776 942 1004 1174",
    # OWASP's list prints 447, with the name of 477, which the category's own text names.
    "A03 Software Supply Chain Failures": "477 1035 1104 1329 1357 1395",
    "A04 Cryptographic Failures": """
        261 296 319 320 321 322 323 324 325 326 327 328 329 330 331 332 334 335 336 337 338 340 342 347 523 757
        759 760 780 916 1240 1241
    """,
    "A05 Injection": """
        20 74 76 77 78 79 80 83 86 88 89 90 91 93 94 95 96 97 98 99 103 104 112 113 114 115 116 129 159 470 493
        500 564 610 643 644 917
    """,
    "A06 Insecure Design": """
        73 183 256 266 269 286 311 312 313 316 362 382 419 434 436 444 451 454 472 501 522 525 539 598 602 628
        642 646 653 656 657 676 693 799 807 841 1021 1022 1125
    """,
    "A07 Authentication Failures": """
        258 259 287 288 289 290 291 293 294 295 297 298 299 300 302 303 304 305 306 307 308 309 346 350 384 521
        613 620 640 798 940 941 1390 1391 1392 1393
    """,
    "A08 Software or Data Integrity Failures": "345 353 426 427 494 502 506 509 565 784 829 830 915 926",
    "A09 Security Logging and Alerting Failures": "117 221 223 532 778",
    "A10 Mishandling of Exceptional Conditions": """
        209 215 234 235 248 252 274 280 369 390 391 394 396 397 460 476 478 484 550 636 703 754 755 756
    """,
}
OWASP_TOP_10: dict[str, tuple[int, ...]] = {
    category: tuple(int(number) for number in numbers.split()) for category, numbers in _OWASP_TOP_10.items()
}
"""By category: 249 numbers, none in two, from the "List of Mapped CWEs" on each page of https://owasp.org/Top10/2025/.

16, 320 and 1035 among them are categories of MITRE's and no weaknesses; OWASP lists them all the same.
"""
