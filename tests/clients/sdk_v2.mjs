// The TypeScript SDK's second client, which asks the server what it can (`auto`) or keeps to the 2025 handshake
// (`legacy`). See sdk_clients.py for what it is told and what it answers, both as JSON.

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

const { server, person, calls, negotiation } = JSON.parse(process.argv[2]);
const asked = [];

const client = new Client(
  { name: "sdk-v2", version: "2" },
  { capabilities: person ? { elicitation: { form: {} } } : {}, versionNegotiation: { mode: negotiation } },
);
if (person) {
  client.setRequestHandler("elicitation/create", ({ params }) => {
    asked.push(params);
    return person;
  });
}
const transport = server.url ? new StreamableHTTPClientTransport(new URL(server.url)) : new StdioClientTransport(server);

await client.connect(transport);
const { tools } = await client.listTools();
const results = [];
for (const call of calls) results.push(await client.callTool(call));
const capabilities = client.getServerCapabilities();
const revision = client.getNegotiatedProtocolVersion();
await client.close();
console.log(JSON.stringify({ revision, capabilities, tools, results, asked }));
