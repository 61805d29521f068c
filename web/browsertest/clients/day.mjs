// What the days of all client libraries have in common. A day is a row of parts;
// what is wrong in one does not hide what is wrong in the next.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { inspect } from "node:util";

export const { HOME_SERVER: HOME, AWAY_SERVER: AWAY, AWAY_TOKEN, PUSH } = process.env;

const faults = [];
let at = "";
let broken = false; // a part was not tried to its end

export function fault(text) {
  faults.push(`${at}: ${text}`);
}

const show = (v) => inspect(v, { depth: 4, breakLength: 160 });

export function ok(is, what, ...seen) {
  if (!is) fault([`not so: ${what}`, ...seen.map(show)].join(" "));
}

export function same(got, want, what) {
  if (JSON.stringify(got) !== JSON.stringify(want)) fault(`${what} is ${show(got)}, not ${show(want)}`);
}

// refused: a call must fail with one of the statuses of HTTP.
export async function refused(call, status, what) {
  try {
    const got = await call();
    fault(`${what} is not refused but answers ${show(got)}`);
  } catch (err) {
    const code = err.statusCode ?? err.response?.status;
    if (code !== status) fault(`${what} is refused with ${code}, not ${status}: ${err.message}`);
  }
}

export const later = (ms) => new Promise((done) => setTimeout(done, ms));

// eventually asks until an answer is given that is not empty.
export async function eventually(what, ask, ms = 15000) {
  for (const end = Date.now() + ms; ; await later(60)) {
    const got = await ask();
    if (Array.isArray(got) ? got.length : got) return got;
    if (Date.now() > end) throw new Error(`after ${ms} ms it is not so that ${what}`);
  }
}

export async function part(name, run) {
  at = name;
  const from = Date.now();
  try {
    await run();
  } catch (err) {
    const line = /\/\w+\.mjs:(\d+):\d+\)?$/m.exec(String(err.stack).split("\n").filter((l) => !l.includes("node_modules") && !l.includes("day.mjs")).join("\n"));
    fault(`line ${line?.[1]}: ${err} and the rest of the part is not tried`);
    broken = true;
  }
  console.log(`part ${name}: ${Date.now() - from} ms`);
  if (name === "sign in" && broken) end();
}

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

// consent has the owner of HOME allow what is asked for at an address, as in a
// browser, and returns where the browser is then led to.
export async function consent(address) {
  console.log(`consent ${address}`);
  return (await answers.next()).value;
}

// pushed waits until the push service was told of something.
export async function pushed() {
  console.log("pushed");
  return (await answers.next()).value;
}

export function end() {
  for (const text of faults) console.log(`fault ${text}`);
  console.log(faults.length ? `${faults.length} faults` : "a good day");
  process.exit(faults.length ? 1 : 0);
}

// The events of a stream, in the order in which they came.
export class Events {
  seen = [];
  add(kind, what) {
    this.seen.push({ kind, what, at: Date.now() });
  }
  // next takes the first event that fits, and those before it, out of the row.
  async next(what, fits, ms = 1000) {
    const from = Date.now();
    const found = await eventually(`the stream brings ${what}; it brought ${this.seen.map((e) => e.kind)}`, () => this.seen.find(fits), 15000);
    this.seen.splice(0, this.seen.indexOf(found) + 1);
    if (found.at - from > ms) fault(`${what} came after ${found.at - from} ms`);
    return found.what;
  }
}

export const picture = () => new Blob([readFileSync(process.env.PICTURE)], { type: "image/png" });

export const text = (html) => html.replace(/<[^>]*>/g, "");
