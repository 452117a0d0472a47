"""Who and what octo-org consists of, as plain tables."""

from typing import NamedTuple


class PersonPlan(NamedTuple):
    """A user to seed."""

    id: int
    login: str
    name: str


class TeamPlan(NamedTuple):
    """A team to seed, with its members' logins."""

    id: int
    slug: str
    name: str
    description: str
    members: tuple[str, ...]
    security_manager: bool = False


class RepositoryPlan(NamedTuple):
    """A repository to seed: `pushed_days` is how long ago it was last pushed to, `alerts` how many it gets."""

    id: int
    name: str
    description: str | None
    language: str
    topics: tuple[str, ...]
    pushed_days: int
    alerts: int
    private: bool = True
    archived: bool = False
    code_scanning: bool = True


PEOPLE = (
    PersonPlan(583231, "octo-bot", "Octo Bot"),
    PersonPlan(583232, "sofia-lindqvist", "Sofia Lindqvist"),
    PersonPlan(583240, "mona-lisa", "Mona Lisa"),
    PersonPlan(583241, "ada-reyes", "Ada Reyes"),
    PersonPlan(583242, "kenji-mori", "Kenji Mori"),
    PersonPlan(583243, "hubot", "Hubot"),
    PersonPlan(583244, "lena-fischer", "Lena Fischer"),
    PersonPlan(583245, "omar-haddad", "Omar Haddad"),
    PersonPlan(583246, "priya-nair", "Priya Nair"),
    PersonPlan(583247, "tom-becker", "Tom Becker"),
)
OWNERS = frozenset({"octo-bot", "sofia-lindqvist"})
SECURITY_MANAGERS = ("mona-lisa",)
OUTSIDER = PersonPlan(583299, "outside-user", "Someone Else")

TEAMS = (
    TeamPlan(3101, "appsec", "AppSec", "Application security", ("ada-reyes", "kenji-mori"), security_manager=True),
    TeamPlan(3102, "payments", "Payments", "Payment pages and their API", ("lena-fischer", "omar-haddad")),
    TeamPlan(3103, "checkout", "Checkout", "Basket and checkout", ("priya-nair", "hubot")),
    TeamPlan(3104, "platform", "Platform", "Build, deploy and run", ("tom-becker", "sofia-lindqvist")),
)

REPOSITORIES = (
    RepositoryPlan(41001, "payments-web", "Card and invoice pages", "TypeScript", ("payments", "frontend"), 0, 60),
    RepositoryPlan(41002, "payments-admin", "Back office for payments", "TypeScript", ("payments",), 2, 46),
    RepositoryPlan(41003, "payments-api", "Payments over HTTP", "Java", ("payments", "backend"), 1, 52),
    RepositoryPlan(41004, "checkout", "Basket and checkout", "TypeScript", ("checkout", "frontend"), 1, 44),
    RepositoryPlan(41005, "orders-service", "Orders from basket to parcel", "Java", ("orders", "backend"), 3, 38),
    RepositoryPlan(41006, "identity", "Sign-in, sessions and tokens", "Go", ("identity", "backend"), 5, 28),
    RepositoryPlan(41007, "search-api", "Product search", "Python", ("search", "backend"), 4, 32),
    RepositoryPlan(41008, "recommendations", "What else you may like", "Python", ("machine-learning",), 12, 24),
    RepositoryPlan(41009, "reporting-jobs", None, "Python", (), 20, 20),
    RepositoryPlan(41010, "infrastructure", "Terraform for everything", "HCL", ("terraform", "platform"), 6, 18),
    RepositoryPlan(41011, "design-system", "Shared components", "TypeScript", ("frontend",), 9, 16, private=False),
    RepositoryPlan(41012, "legacy-billing", "Replaced by payments-api", "Java", ("payments",), 400, 8, archived=True),
    RepositoryPlan(41013, "handbook", "How we work", "Markdown", (), 15, 0, private=False, code_scanning=False),
)
