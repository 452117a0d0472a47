import pytest

from tests.guards.scenarios import ABOUT_A_CAMPAIGN, GUARDED, YES_OR_NO, GuardedCall


@pytest.fixture(params=GUARDED, ids=str)
def guarded(request: pytest.FixtureRequest) -> GuardedCall:
    """Every kind of call that a person is asked about."""
    call = request.param
    assert isinstance(call, GuardedCall)
    return call


@pytest.fixture(params=YES_OR_NO, ids=str)
def yes_or_no(request: pytest.FixtureRequest) -> GuardedCall:
    """The calls that take a yes or a no."""
    call = request.param
    assert isinstance(call, GuardedCall)
    return call


@pytest.fixture(params=ABOUT_A_CAMPAIGN, ids=str)
def about_a_campaign(request: pytest.FixtureRequest) -> GuardedCall:
    """The calls about one open campaign, which may change while a person is thinking."""
    call = request.param
    assert isinstance(call, GuardedCall)
    return call
