// Plays what the tests ask for, one JSON line in, one out: { do, ... } -> { value } or { error }.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const TYPES = { ".html": "text/html", ".mjs": "text/javascript", ".js": "text/javascript" };
const PATIENCE = 10000; // milliseconds for anything asked of the browser

// What a host sends with a page that declares no domains: specification 2026-01-26, "CSP Construction from Metadata".
const HOST_POLICY = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
  + "connect-src 'self'; img-src 'self' data:; font-src 'self'; media-src 'self' data:; frame-src 'none'; "
  + "object-src 'none'; base-uri 'self'";

let app = "";
let page;
let frame;
let observed;

async function listen(respond) {
  const server = createServer((request, response) => respond(request, response).catch(() => response.writeHead(404).end()));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${server.address().port}`;
}

async function serveHost({ url }, response) {
  const path = normalize(url === "/" ? "/host.html" : url);
  const text = await readFile(join(HERE, path));
  response.writeHead(200, { "content-type": TYPES[extname(path)] }).end(text);
}

async function serveApp(_, response) {
  response.writeHead(200, { "content-type": "text/html", "content-security-policy": HOST_POLICY }).end(app);
}

function observe(context) {
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && observed.console.push(message.text()));
  page.on("pageerror", (error) => observed.console.push(String(error)));
  context.on("request", (request) => observed.requests.push(request.url()));
  return context.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
  });
}

async function fresh(size, address, theme = "light") {
  if (!page) {
    const context = await browser.newContext({ deviceScaleFactor: Number(process.argv[3] ?? 1) });
    context.setDefaultTimeout(PATIENCE);
    page = await context.newPage();
    await observe(context);
  }
  observed = { console: [], requests: [] };
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: theme });
  if (page.url() !== address) await page.goto(address);
}

// Playwright's own waiting makes code of text inside the page, which the page's policy rightly forbids.
async function until(expression) {
  const last = Date.now() + PATIENCE;
  while (!(await frame.evaluate(expression))) {
    if (Date.now() > last) throw new Error(`This did not come true: ${expression}`);
    await frame.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => resolve(null))));
  }
}

const plays = {
  async open({ html, size, ...options }) {
    app = html;
    await fresh(size, `${hostAddress}/`); // the host stays as it is, and gets a new frame for each page
    await page.waitForFunction(() => window.host);
    observed = { console: [], requests: [] };
    await page.evaluate((given) => window.host.start(given), { ...options, address: appAddress });
    frame = page.frames().find((each) => each.url().startsWith(appAddress) && each.parentFrame());
  },
  async open_alone({ html, size, theme }) {
    app = html;
    await fresh(size, `${appAddress}/`, theme);
    await page.reload(); // the file before had the same address
    frame = page.mainFrame();
  },
  host: ({ name, given }) => page.evaluate(([method, each]) => window.host[method](...each), [name, given]),
  app: ({ expression }) => frame.evaluate(expression),
  wait: ({ expression }) => until(expression),
  press: ({ key }) => page.keyboard.press(key),
  focus_page: () => frame.evaluate(() => window.focus()),
  resize: ({ size }) => page.setViewportSize(size),
  tree: () => frame.locator("main").ariaSnapshot(),
  look: ({ path }) => page.screenshot({ path }).then(() => null),
  async observed() {
    return { ...observed, appAddress, violations: await frame.evaluate(() => window.violations) };
  },
};

const browser = await chromium.launch({
  executablePath: process.argv[2],
  args: ["--no-sandbox"], // continuous integration is often root, and the pages are our own
  ignoreDefaultArgs: ["--disable-dev-shm-usage"], // else memory is shared in the temporary folder, which need not be allowed
});
const hostAddress = await listen(serveHost);
const appAddress = await listen(serveApp);

for await (const line of createInterface({ input: process.stdin })) {
  const { do: play, ...given } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await plays[play](given)) ?? null };
  } catch (problem) {
    answer = { error: String(problem) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
process.exit(0);
