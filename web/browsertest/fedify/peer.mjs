// One person's server written with Fedify, an independent ActivityPub stack, for
// tests of dassie from outside. It speaks https on ADDRESS:443 under HOST, and
// takes orders as JSON on a loopback port: POST /do {"op": …}. GET /log lists the
// activities that arrived. Data lives in memory.

import http from "node:http";
import https from "node:https";
import { readFileSync } from "node:fs";
import { Temporal } from "@js-temporal/polyfill";
import { createFederation, generateCryptoKeyPair, InProcessMessageQueue, MemoryKvStore } from "@fedify/fedify";
import {
  Accept, Activity, Announce, Collection, Create, Delete, Follow, Like, Move, Note, Person, PUBLIC_COLLECTION, Question,
  QuoteAuthorization, QuoteRequest, Reject, Tombstone, Undo, Update, Endpoints,
} from "@fedify/vocab";

process.on("SIGINT", () => process.exit(0));

const { HOST, ADDRESS, CERT, KEY, FIRST_KNOCK } = process.env;
const origin = new URL(`https://${HOST}`);
const at = (path) => new URL(path, origin);

const state = {
  locked: false, // followers wait for the order to accept them
  authorized: false, // objects are shown to signed requests alone
  answer: 0, // status that inboxes answer instead of taking anything
  log: [],
  requests: [],
  followers: new Map(), // actor id -> inbox
  waiting: new Map(), // actor id -> Follow
  following: new Set(),
  objects: new Map(), // path -> object, null once deleted
  votes: [],
  aliases: {}, // name -> actor ids
  moved: {}, // name -> actor id
  serial: 0,
};

const keys = new Map();
const federation = createFederation({
  kv: new MemoryKvStore(), queue: new InProcessMessageQueue(), allowPrivateAddress: true, firstKnock: FIRST_KNOCK,
});

federation
  .setActorDispatcher("/users/{identifier}", async (ctx, name) => {
    if (name !== "fay" && name !== "faye") return null;
    const pairs = await ctx.getActorKeyPairs(name);
    return new Person({
      id: ctx.getActorUri(name), preferredUsername: name, name: name, summary: "written with Fedify", url: at(`/@${name}`),
      inbox: ctx.getInboxUri(name), outbox: at(`/users/${name}/outbox`), followers: ctx.getFollowersUri(name),
      endpoints: new Endpoints({ sharedInbox: ctx.getInboxUri() }),
      manuallyApprovesFollowers: state.locked,
      publicKey: pairs[0].cryptographicKey, assertionMethods: pairs.map((p) => p.multikey),
      aliases: (state.aliases[name] ?? []).map((id) => new URL(id)),
      successor: state.moved[name] ? new URL(state.moved[name]) : undefined,
    });
  })
  .setKeyPairsDispatcher(async (_ctx, name) => {
    if (!keys.has(name)) {
      keys.set(name, [await generateCryptoKeyPair("RSASSA-PKCS1-v1_5"), await generateCryptoKeyPair("Ed25519")]);
    }
    return keys.get(name);
  })
  .authorize(() => true);

federation.setFollowersDispatcher("/users/{identifier}/followers", (_ctx, name) => ({
  items: name === "fay" ? [...state.followers].map(([id, inbox]) => ({ id: new URL(id), inboxId: new URL(inbox) })) : [],
}));

const stored = (type, path) =>
  federation.setObjectDispatcher(type, path, (_ctx, values) => state.objects.get(path.replace("{id}", values.id)) ?? null)
    .authorize(async (ctx) => !state.authorized || (await ctx.getSignedKeyOwner()) != null);
stored(Note, "/notes/{id}");
stored(Question, "/polls/{id}");
stored(QuoteAuthorization, "/stamps/{id}");

const keep = async (activity) => state.log.push(await activity.toJsonLd({ format: "compact" }));

federation
  .setInboxListeners("/users/{identifier}/inbox", "/inbox")
  .setSharedKeyDispatcher(() => ({ identifier: "fay" }))
  .on(Follow, async (ctx, follow) => {
    const actor = await follow.getActor(ctx);
    state.waiting.set(actor.id.href, follow);
    await keep(follow);
    if (!state.locked) await accept(ctx, actor.id.href);
  })
  .on(Accept, async (ctx, activity) => {
    await keep(activity);
    if (activity.actorId) state.following.add(activity.actorId.href);
  })
  .on(Reject, async (_ctx, activity) => {
    await keep(activity);
    state.following.delete(activity.actorId?.href);
  })
  .on(Undo, async (ctx, undo) => {
    await keep(undo);
    const inner = await undo.getObject(ctx);
    if (inner instanceof Follow) state.followers.delete(undo.actorId.href);
  })
  .on(Create, async (ctx, create) => {
    await keep(create);
    const note = await create.getObject(ctx);
    if (note instanceof Note && note.name && note.content == null) state.votes.push(`${note.name}`);
  })
  .on(QuoteRequest, async (ctx, request) => {
    await keep(request);
    const stamp = new QuoteAuthorization({
      id: at(`/stamps/${++state.serial}`), attribution: ctx.getActorUri("fay"),
      interactingObject: request.instrumentId, interactionTarget: request.objectId,
    });
    state.objects.set(stamp.id.pathname, stamp);
    await ctx.sendActivity({ identifier: "fay" }, await request.getActor(ctx), new Accept({
      id: at(`/accepts/${++state.serial}`), actor: ctx.getActorUri("fay"), object: request, result: stamp.id,
    }));
  })
  .on(Activity, async (_ctx, activity) => { await keep(activity); });

async function accept(ctx, id) {
  const follow = state.waiting.get(id);
  state.waiting.delete(id);
  const actor = await follow.getActor(ctx);
  state.followers.set(id, (actor.endpoints?.sharedInbox ?? actor.inboxId).href);
  await ctx.sendActivity({ identifier: "fay" }, actor, new Accept({
    id: at(`/accepts/${++state.serial}`), actor: ctx.getActorUri("fay"), object: follow,
  }));
}

const context = () => federation.createContext(origin, undefined);
const me = (ctx) => ctx.getActorUri("fay");

// spread sends to the followers, and to people that are named.
async function spread(ctx, activity, named = []) {
  await ctx.sendActivity({ identifier: "fay" }, "followers", activity, { preferSharedInbox: true });
  for (const who of named) await ctx.sendActivity({ identifier: "fay" }, who, activity);
}

const person = async (ctx, id) => await ctx.lookupObject(id, { documentLoader: await ctx.getDocumentLoader({ identifier: "fay" }) });

async function publish(ctx, object, named) {
  state.objects.set(object.id.pathname, object);
  await spread(ctx, new Create({
    id: new URL(`${object.id.href}#create`), actor: me(ctx), object, tos: [PUBLIC_COLLECTION], ccs: [ctx.getFollowersUri("fay")],
  }), named);
  return { id: object.id.href };
}

const everyone = (ctx) => ({ attribution: me(ctx), tos: [PUBLIC_COLLECTION], ccs: [ctx.getFollowersUri("fay")] });

const orders = {
  async follow(ctx, { whom }) {
    const actor = await person(ctx, whom);
    if (!actor) throw new Error(`${whom} is not found`);
    await ctx.sendActivity({ identifier: "fay" }, actor, new Follow({ id: at(`/follows/${++state.serial}`), actor: me(ctx), object: actor.id }));
    return { id: actor.id.href };
  },
  async unfollow(ctx, { whom }) {
    const actor = await person(ctx, whom);
    state.following.delete(actor.id.href);
    await ctx.sendActivity({ identifier: "fay" }, actor, new Undo({
      id: at(`/undos/${++state.serial}`), actor: me(ctx),
      object: new Follow({ id: at(`/follows/${state.serial}`), actor: me(ctx), object: actor.id }),
    }));
    return {};
  },
  async accept(ctx, { whom }) { await accept(ctx, whom); return {}; },
  async post(ctx, { text, answers, to }) {
    const named = to ? [await person(ctx, to)] : [];
    return await publish(ctx, new Note({
      id: at(`/notes/${++state.serial}`), ...everyone(ctx), content: text, published: Temporal.Now.instant(),
      replyTarget: answers ? new URL(answers) : undefined,
    }), named);
  },
  async edit(ctx, { id, text }) {
    const note = state.objects.get(new URL(id).pathname).clone({ content: text, updated: Temporal.Now.instant() });
    state.objects.set(note.id.pathname, note);
    await spread(ctx, new Update({ id: at(`/updates/${++state.serial}`), actor: me(ctx), object: note, tos: [PUBLIC_COLLECTION] }));
    return {};
  },
  async delete(ctx, { id }) {
    state.objects.set(new URL(id).pathname, null);
    await spread(ctx, new Delete({
      id: at(`/deletes/${++state.serial}`), actor: me(ctx), object: new Tombstone({ id: new URL(id) }), tos: [PUBLIC_COLLECTION],
    }));
    return {};
  },
  async like(ctx, { id, whom }) {
    const like = new Like({ id: at(`/likes/${++state.serial}`), actor: me(ctx), object: new URL(id) });
    await ctx.sendActivity({ identifier: "fay" }, await person(ctx, whom), like);
    return { id: like.id.href };
  },
  async unlike(ctx, { id, like, whom }) {
    await ctx.sendActivity({ identifier: "fay" }, await person(ctx, whom), new Undo({
      id: at(`/undos/${++state.serial}`), actor: me(ctx), object: new Like({ id: new URL(like), actor: me(ctx), object: new URL(id) }),
    }));
    return {};
  },
  async boost(ctx, { id, whom }) {
    const boost = new Announce({
      id: at(`/boosts/${++state.serial}`), actor: me(ctx), object: new URL(id), tos: [PUBLIC_COLLECTION], ccs: [ctx.getFollowersUri("fay")],
    });
    await spread(ctx, boost, whom ? [await person(ctx, whom)] : []);
    return { id: boost.id.href };
  },
  async poll(ctx, { text, options }) {
    return await publish(ctx, new Question({
      id: at(`/polls/${++state.serial}`), ...everyone(ctx), content: text, published: Temporal.Now.instant(), voters: 0,
      endTime: Temporal.Now.instant().add({ hours: 1 }),
      exclusiveOptions: options.map((name) => new Note({ name, replies: new Collection({ totalItems: 0 }) })),
    }));
  },
  async vote(ctx, { id, choice, whom }) {
    await ctx.sendActivity({ identifier: "fay" }, await person(ctx, whom), new Create({
      id: at(`/votes/${++state.serial}#create`), actor: me(ctx), to: new URL(whom),
      object: new Note({ id: at(`/votes/${state.serial}`), attribution: me(ctx), to: new URL(whom), name: choice, replyTarget: new URL(id) }),
    }));
    return {};
  },
  async quote(ctx, { id, whom, text }) {
    const note = new Note({
      id: at(`/notes/${++state.serial}`), ...everyone(ctx), content: text, published: Temporal.Now.instant(), quote: new URL(id),
    });
    state.objects.set(note.id.pathname, note);
    await ctx.sendActivity({ identifier: "fay" }, await person(ctx, whom), new QuoteRequest({
      id: at(`/requests/${++state.serial}`), actor: me(ctx), object: new URL(id), instrument: note,
    }));
    await publish(ctx, note);
    return { id: note.id.href };
  },
  // stamped gives a quoting post the consent that its request got.
  async stamped(ctx, { id, stamp }) {
    const note = state.objects.get(new URL(id).pathname).clone({ quoteAuthorization: new URL(stamp), updated: Temporal.Now.instant() });
    state.objects.set(note.id.pathname, note);
    await spread(ctx, new Update({ id: at(`/updates/${++state.serial}`), actor: me(ctx), object: note, tos: [PUBLIC_COLLECTION] }));
    return {};
  },
  async move(ctx, { honest }) {
    if (honest) state.aliases.faye = [me(ctx).href];
    state.moved.fay = ctx.getActorUri("faye").href;
    await spread(ctx, new Move({
      id: at(`/moves/${++state.serial}`), actor: me(ctx), object: me(ctx), target: ctx.getActorUri("faye"), tos: [ctx.getFollowersUri("fay")],
    }));
    return { id: state.moved.fay };
  },
  // look fetches something as any reader of this server would, signed.
  async look(ctx, { id }) {
    const found = await person(ctx, id);
    return { found: found ? await found.toJsonLd({ format: "compact" }) : null };
  },
  async set(_ctx, { locked, authorized, answer }) {
    if (locked !== undefined) state.locked = locked;
    if (authorized !== undefined) state.authorized = authorized;
    if (answer !== undefined) state.answer = answer;
    return {};
  },
  async log() {
    return {
      log: state.log, votes: state.votes, followers: [...state.followers.keys()], waiting: [...state.waiting.keys()],
      following: [...state.following], requests: state.requests,
    };
  },
};

const body = async (message) => {
  const chunks = [];
  for await (const c of message) chunks.push(c);
  return Buffer.concat(chunks);
};

https.createServer({ cert: readFileSync(CERT), key: readFileSync(KEY) }, async (req, res) => {
  const bytes = await body(req);
  const scheme = req.headers["signature-input"] ? "rfc9421" : req.headers.signature ? "cavage" : "none";
  state.requests.push(`${req.method} ${req.url} ${scheme}`);
  if (req.method === "POST" && state.answer) {
    res.writeHead(state.answer).end();
    return;
  }
  const headers = new Headers();
  for (let i = 0; i < req.rawHeaders.length; i += 2) headers.append(req.rawHeaders[i], req.rawHeaders[i + 1]);
  const request = new Request(at(req.url), { method: req.method, headers, body: req.method === "POST" ? bytes : undefined });
  try {
    const answer = await federation.fetch(request, {
      contextData: undefined, onNotFound: () => new Response("", { status: state.objects.get(at(req.url).pathname) === null ? 410 : 404 }),
    });
    res.writeHead(answer.status, Object.fromEntries(answer.headers));
    res.end(Buffer.from(await answer.arrayBuffer()));
  } catch (error) {
    console.error(error);
    res.writeHead(500).end();
  }
}).listen(443, ADDRESS, () => {
  const control = http.createServer(async (req, res) => {
    try {
      const { op, ...rest } = JSON.parse((await body(req)).toString() || "{}");
      const answer = await orders[op](context(), rest);
      res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    } catch (error) {
      res.writeHead(500).end(`${error.stack}`);
    }
  });
  control.listen(0, "127.0.0.1", () => console.log(`ready ${control.address().port}`));
});
