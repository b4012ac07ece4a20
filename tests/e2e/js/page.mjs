// What a browser adds to `fetch` for a web page that calls another origin: the question beforehand,
// and what the page may see of the answer. Source: https://fetch.spec.whatwg.org/#http-cors-protocol
const SAFE_METHODS = new Set(["GET", "HEAD", "POST"]);
const SAFE_HEADERS = new Set(["accept", "accept-language", "content-language"]);
const SAFE_TYPES = new Set([
  "application/x-www-form-urlencoded",
  "multipart/form-data",
  "text/plain",
]);
const READABLE_HEADERS = new Set([
  "cache-control",
  "content-language",
  "content-length",
  "content-type",
  "expires",
  "last-modified",
  "pragma",
]);
// Those of the headers that a page may not set which the SDK sets under Node.js.
const FORBIDDEN_HEADERS = new Set(["connection", "content-length", "expect", "host", "origin"]);

export class Page {
  preflights = 0;

  constructor(origin) {
    this.origin = origin;
    this.fetch = this.fetch.bind(this);
  }

  async fetch(request) {
    const headers = [...request.headers].filter(([name]) => !FORBIDDEN_HEADERS.has(name));
    const asked = headers.filter(isUnsafe).map(([name]) => name).sort();
    if (asked.length > 0 || !SAFE_METHODS.has(request.method)) {
      await this.#preflight(request, asked);
    }
    const body = request.body ? Buffer.from(await request.arrayBuffer()) : undefined;
    const answer = await fetch(request.url, {
      method: request.method,
      headers: [...headers, ["origin", this.origin]],
      body,
    });
    this.#checkOrigin(answer);
    const exposed = new Set(list(answer, "access-control-expose-headers"));
    return new Response([204, 304].includes(answer.status) ? null : await answer.arrayBuffer(), {
      status: answer.status,
      statusText: answer.statusText,
      headers: [...answer.headers].filter(
        ([name]) => READABLE_HEADERS.has(name) || exposed.has(name) || exposed.has("*"),
      ),
    });
  }

  async #preflight(request, asked) {
    this.preflights += 1;
    const answer = await fetch(request.url, {
      method: "OPTIONS",
      headers: {
        origin: this.origin,
        "access-control-request-method": request.method,
        "access-control-request-headers": asked.join(","),
      },
    });
    this.#checkOrigin(answer);
    if (!answer.ok) {
      throw new TypeError(`the preflight got status ${answer.status}`);
    }
    const methods = list(answer, "access-control-allow-methods");
    if (!SAFE_METHODS.has(request.method) && !methods.includes(request.method.toLowerCase())) {
      throw new TypeError(`the preflight does not allow the method ${request.method}`);
    }
    const allowed = list(answer, "access-control-allow-headers");
    const refused = asked.filter((name) => !allowed.includes(name));
    if (refused.length > 0) {
      throw new TypeError(`the preflight does not allow the headers ${refused}`);
    }
  }

  #checkOrigin(answer) {
    const allowed = answer.headers.get("access-control-allow-origin");
    if (allowed !== "*" && allowed !== this.origin) {
      throw new TypeError(`an answer is for the origin ${allowed}, not for ${this.origin}`);
    }
  }
}

function isUnsafe([name, value]) {
  if (name === "content-type") {
    return !SAFE_TYPES.has(value.split(";")[0].trim().toLowerCase());
  }
  return !SAFE_HEADERS.has(name);
}

function list(answer, name) {
  const value = answer.headers.get(name) ?? "";
  return value.split(",").map((each) => each.trim().toLowerCase()).filter(Boolean);
}
