// The HTTP routes, and which of them this server has.

const TOKEN = 'tally.token';

/** An answer that is no answer: a problem of the server's, or none at all (status 0). */
export class Problem extends Error {
  constructor(status, type, detail, retryAfter) {
    super(detail);
    this.status = status;
    this.type = type;
    this.retryAfter = retryAfter;
  }
}

let token = stored();
let described = null;

function stored() {
  try {
    return sessionStorage.getItem(TOKEN) ?? '';
  } catch {
    return '';
  }
}

/** Whether a token is in use. */
export const hasToken = () => token !== '';

/** Uses a token from now on; empty for none. It is kept for this tab alone. */
export function useToken(text) {
  token = text.trim().replace(/^Bearer\s+/i, '');
  try {
    if (token) {
      sessionStorage.setItem(TOKEN, token);
    } else {
      sessionStorage.removeItem(TOKEN);
    }
  } catch {
    // It is in memory then, until the page is loaded again.
  }
}

/** Whole numbers beyond 2^53 stay exact where the browser shows their digits. */
function exact(key, value, context) {
  return typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
    ? BigInt(context.source)
    : value;
}

/** An answer's JSON. */
export const parse = (text) => JSON.parse(text, exact);

async function call(path, options = {}) {
  const headers = {Accept: 'application/json', ...options.headers};
  if (token) {
    headers.Authorization = `Bearer ${token}`;
  }
  let response;
  try {
    response = await fetch(path, {
      method: options.method ?? 'GET',
      headers,
      body: options.body,
      cache: 'no-store',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      signal: AbortSignal.timeout(options.timeout ?? 10_000),
    });
  } catch (e) {
    throw new Problem(0, 'unreachable', e.name === 'TimeoutError' ? 'no answer within 10 s' : 'the server cannot be reached');
  }
  const json = await jsonOf(response);
  if (!response.ok || json === null) {
    throw problemOf(response, json);
  }
  return json;
}

async function jsonOf(response) {
  const text = await response.text().catch(() => '');
  try {
    return parse(text);
  } catch {
    // Not ours: a proxy's page, say.
    return null;
  }
}

function problemOf(response, json) {
  if (response.status === 401) {
    document.dispatchEvent(new CustomEvent('tally:unauthorised'));
  }
  return new Problem(
    response.status,
    json?.type ?? '',
    json?.detail ?? json?.reasons?.join('; ') ?? json?.title ?? `the server answered ${response.status}`,
    Number(response.headers.get('Retry-After')) || 0,
  );
}

/** The answer to a GET. */
export const get = (path) => call(path);

/** An answer of any status, such as a probe's; the status is its own. */
export async function probe(path) {
  try {
    return {up: true, body: await call(path)};
  } catch (e) {
    return {up: false, body: null, problem: e};
  }
}

/** What this server describes of itself. A page that cannot learn it goes without what is optional. */
function description() {
  described ??= call('/openapi.json').catch(() => {
    described = null;
    return {paths: {}};
  });
  return described;
}

/** Whether the server has a route, as OpenAPI writes it. */
export async function has(path, method = 'get') {
  return method in ((await description()).paths?.[path] ?? {});
}

/** Whether a route takes a query parameter. */
export async function takes(path, parameter) {
  const document = await description();
  const list = document.paths?.[path]?.get?.parameters ?? [];
  return list.some((each) => {
    const resolved = each.$ref ? document.components?.parameters?.[each.$ref.split('/').pop()] : each;
    return resolved?.name === parameter;
  });
}

/** The address of a subject's stream. With a token it takes a ticket, since an EventSource sends no headers. */
export async function streamAddress(path, query, subject) {
  const all = new URLSearchParams(query);
  if (token && (await has('/v1/stream-tickets', 'post'))) {
    const {ticket} = await call('/v1/stream-tickets', {
      method: 'POST',
      headers: {'Content-Type': 'application/json'},
      body: JSON.stringify({subject}),
    });
    all.set('ticket', ticket);
  }
  const text = all.toString();
  return text ? `${path}?${text}` : path;
}

/**
 * Saves what a route answers as a file. Without a token the browser streams it to the disk; a token cannot travel in a link, so the answer
 * passes through memory then.
 */
export async function download(path, name) {
  let address = path;
  if (token) {
    const response = await fetch(path, {headers: {Authorization: `Bearer ${token}`}, cache: 'no-store', credentials: 'omit'});
    if (!response.ok) {
      throw problemOf(response, await jsonOf(response));
    }
    address = URL.createObjectURL(await response.blob());
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
}
