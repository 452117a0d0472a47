import httpx, pytest
from tests.sandbox.conftest import connect
from server.sandbox.options import *
PATHS=["/orgs/octo-org/campaigns","/orgs/octo-org/campaigns/3","/user","/user/orgs","/user/memberships/orgs/octo-org","/orgs/octo-org","/orgs/octo-org/memberships/hubot","/orgs/octo-org/organization-roles","/orgs/octo-org/organization-roles/138/users","/orgs/octo-org/organization-roles/138/teams","/orgs/octo-org/teams/appsec","/rate_limit","/versions","/orgs/octo-org/code-scanning/alerts?per_page=100","/repos/octo-org/payments-web/code-scanning/alerts","/repos/octo-org/payments-web/code-scanning/alerts/1","/orgs/octo-org/repos","/repos/octo-org/payments-web"]
@pytest.mark.anyio
@pytest.mark.parametrize("path",PATHS)
async def test_x(sandbox,path):
    async with connect(sandbox,ADMIN_TOKEN) as c:
        r=await c.get(path); assert r.status_code==200,r.text
        r=await c.get(path,headers={"X-GitHub-Api-Version":"2026-03-10"}); assert r.status_code==200,r.text
