// The TypeScript SDK's first client, which knows the revisions up to 2025-11-25. See sdk_clients.py for what it is told
// and what it answers, both as JSON.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const { server, person, calls } = JSON.parse(process.argv[2]);
const asked = [];
const revisions = [];

const client = new Client({ name: "sdk-v1", version: "1" }, { capabilities: person ? { elicitation: {} } : {} });
if (person) {
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    asked.push(params);
    return person;
  });
}
const transport = server.url ? new StreamableHTTPClientTransport(new URL(server.url)) : new StdioClientTransport(server);
transport.setProtocolVersion = ((inner) => (revision) => {
  revisions.push(revision);
  inner?.call(transport, revision);
})(transport.setProtocolVersion);

await client.connect(transport);
const { tools } = await client.listTools();
const results = [];
for (const call of calls) results.push(await client.callTool(call));
const capabilities = client.getServerCapabilities();
await client.close();
console.log(JSON.stringify({ revision: revisions[0], capabilities, tools, results, asked }));
