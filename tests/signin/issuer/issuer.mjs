// A real OpenID provider on a free loopback port. Says its address in a line on stdout; ends when stdin does.
import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import { Provider } from "oidc-provider";

const SCOPES = "campaigns:read campaigns:write";

function key(kid, alg, type, options) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: "jwk" }), kid, alg, use: "sig" };
}

function client(id, scope) {
  return {
    client_id: id,
    client_secret: `secret-of-${id}`,
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
    scope,
  };
}

const server = createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  clients: [client("writer", SCOPES), client("reader", "campaigns:read")],
  jwks: {
    keys: [
      key("ec", "ES256", "ec", { namedCurve: "P-256" }),
      key("rsa", "RS256", "rsa", { modulusLength: 2048 }),
      key("ed", "EdDSA", "ed25519"),
    ],
  },
  scopes: SCOPES.split(" "),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      // What to sign with may be asked for at the end of the resource, so that a test can have each.
      getResourceServerInfo: (_, resource) => ({
        scope: SCOPES,
        audience: resource.split("#")[0],
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: process.env.SIGN ?? "ES256" } },
      }),
    },
  },
});
server.on("request", provider.callback());
console.log(JSON.stringify({ issuer }));
process.stdin.resume().on("end", () => process.exit(0));
