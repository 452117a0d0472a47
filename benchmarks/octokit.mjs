// What reading.py does, for Octokit: node octokit.mjs http://127.0.0.1:1234 TOKEN QUERY
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Octokit } from "@octokit/rest";

const [url, token, query] = process.argv.slice(2);
const octokit = new Octokit({ baseUrl: url, auth: token });
const parameters = { ...JSON.parse(query), per_page: Number(JSON.parse(query).per_page) };

const read = (org) => octokit.paginate(octokit.rest.codeScanning.listAlertsForOrg, { org, ...parameters });
const tally = async () => (await fetch(`${url}/tally`)).json();

function peakMemory() {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

await read("octo-labs");
await tally();
const before = peakMemory();
const computed = process.cpuUsage();
const began = performance.now();
const alerts = await read("octo-org");
const seconds = (performance.now() - began) / 1000;
const spent = process.cpuUsage(computed);
const growth = peakMemory() - before;
const told = await tally();
const pairs = [...new Set(alerts.map((alert) => `${alert.repository.id}:${alert.number}`))].sort();
const checksum = createHash("sha256").update(pairs.join("\n")).digest("hex").slice(0, 16);
console.log(JSON.stringify({ seconds, cpu: (spent.user + spent.system) / 1e6, growth, alerts: pairs.length, checksum, ...told }));
