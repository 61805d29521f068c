// A day's use with masto.js, as apps in browsers have it.
import { createOAuthAPIClient, createRestAPIClient, createStreamingAPIClient } from "masto";
import { AWAY, AWAY_TOKEN, consent, end, eventually, Events, fault, HOME, later, ok, part, picture, PUSH, pushed, refused, same, text } from "./day.mjs";
import { shapes } from "./shapes.mjs";

const deviations = shapes(["masto/dist/mastodon/entities/v1/index.d.ts", "masto/dist/mastodon/entities/v2/index.d.ts"], [
  // Here Mastodon's documentation and its own answers differ from what is declared.
  /\.clientSecretExpiresAt is 0/, /\.source\.role is absent/, /\.role\.(id is "-?\d+"|permissions is "\d+"|(position|createdAt|updatedAt|collectionLimit) is absent)/,
  /\.lastStatusAt is null/, /\.application is null/, /\.thumbnail\.(blurhash is null|(versions|versions\.@[12]x|description) is absent)/, /\.urls\.status is null/,
  /\.apiVersions\.mastodon is \d+/, /\.sampleAccountIds is \[/, /\.filtered\[\]\.filter\.(keywords|statuses) is absent/, /\.tags\[\]\.id is absent/,
  /FeaturedTag\.statusesCount is "\d+"/, /NotificationRequest\.notificationsCount is "\d+"/, /\.alerts\.admin is absent/, /\.options\[\]\.emojis is absent/, /\.params\.(applicationId is \d+|id is absent|spoilerText is null)/,
  // Newer than the version of the API that the server says it has.
  /\.featureApproval is absent/, /\.max(Avatar|Header)DescriptionLength is absent/,
]);

// as returns a value once it is seen that it has the shape that the library declares.
function as(name, value) {
  for (const d of deviations(name, value)) fault(`declared otherwise: ${d}`);
  return value;
}

const url = `https://${HOME}`;
const anon = createRestAPIClient({ url });
const away = createRestAPIClient({ url: `https://${AWAY}`, accessToken: AWAY_TOKEN });
let app, token, me, home, them, theirs, stream;
const events = new Events();

await part("sign in", async () => {
  const back = "https://app.example/back?from=here";
  app = as("Client", await anon.v1.apps.create({ clientName: "A day", redirectUris: back, scopes: "read write follow push", website: "https://app.example" }));
  const asked = new URL("/oauth/authorize", url);
  asked.search = new URLSearchParams({ client_id: app.clientId, redirect_uri: back, response_type: "code", scope: "read write follow push", state: "blue" });
  const led = new URL(await consent(asked.href));
  same([led.origin, led.pathname, led.searchParams.get("from"), led.searchParams.get("state")], ["https://app.example", "/back", "here", "blue"], "where consent leads");
  const oauth = createOAuthAPIClient({ url });
  const created = as("Token", await oauth.token.create({ grantType: "authorization_code", clientId: app.clientId, clientSecret: app.clientSecret, redirectUri: back, code: led.searchParams.get("code") }));
  same(created.scope.split(" ").sort(), ["follow", "push", "read", "write"], "the token's scope");
  token = created.accessToken;
  home = createRestAPIClient({ url, accessToken: token });
  me = as("CredentialAccount", await home.v1.accounts.verifyCredentials());
  same([me.username, me.acct], ["hana", "hana"], "who signed in");
  same(as("Client", await home.v1.apps.verifyCredentials()).name, "A day", "the app's name");
  await refused(() => anon.v1.accounts.verifyCredentials(), 401, "who am I, without a token");
  await refused(() => createRestAPIClient({ url, accessToken: "nonsense" }).v1.timelines.home.list(), 401, "home with a token that is none");
});

await part("the server", async () => {
  const v2 = as("v2.Instance", await anon.v2.instance.fetch());
  same(v2.domain, HOME, "the domain");
  ok(/^4\.\d+\.\d+ /.test(v2.version), "the version is in Mastodon's form", v2.version);
  const v1 = as("Instance", await anon.v1.instance.fetch());
  same([v1.uri, v1.urls.streamingApi, v2.configuration.urls.streaming], [HOME, `wss://${HOME}`, `wss://${HOME}`], "addresses");
  as("CustomEmoji[]", await anon.v1.customEmojis.list());
  as("ExtendedDescription", await anon.v1.instance.extendedDescription.fetch());
  as("Activity[]", await anon.v1.instance.activity.list());
  ok(Array.isArray(await anon.v1.instance.peers.list()), "peers are a list");
  await refused(() => anon.v1.instance.domainBlocks.fetch(), 404, "the servers that are blocked, which are nobody's business");
  same([await home.v1.announcements.list(), await home.v2.suggestions.list(), await home.v1.trends.tags.list(), await home.v1.trends.statuses.list(), await home.v1.trends.links.list()], [[], [], [], [], []], "what a server for one person has none of");
  as("Preference", await home.v1.preferences.fetch());
  as("Account[]", await home.v1.directory.list({ local: true }));
  stream = createStreamingAPIClient({ streamingApiUrl: v2.configuration.urls.streaming, accessToken: token });
  await stream.prepare();
  (async () => {
    try {
      for await (const e of stream.user.subscribe()) events.add(e.event, e.payload);
    } catch (err) {
      events.add("end", String(err));
    }
  })();
});

await part("follow with consent", async () => {
  await away.v1.accounts.updateCredentials({ locked: true });
  const found = as("v2.Search", await home.v2.search.list({ q: `@awe@${AWAY}`, resolve: true, type: "accounts" }));
  same([found.accounts.length, found.statuses, found.hashtags], [1, [], []], "what is found");
  them = as("Account", found.accounts[0]);
  same([them.acct, them.username, them.locked], [`awe@${AWAY}`, "awe", true], "who is found");
  const asked = as("Relationship", await home.v1.accounts.$select(them.id).follow({ reblogs: true, notify: true }));
  same([asked.following, asked.requested], [false, true], "a follow that waits");
  const [request] = await eventually("the request arrives", async () => {
    const all = await away.v1.followRequests.list();
    return all.length && as("Account[]", all);
  });
  theirs = request; // who I am, at theirs
  same(request.acct, `hana@${HOME}`, "who asks");
  as("Relationship", await away.v1.followRequests.$select(request.id).authorize());
  await eventually("they are followed", async () => as("Relationship[]", await home.v1.accounts.relationships.fetch({ id: [them.id] }))[0].following);
  same(as("Relationship[]", await home.v1.accounts.relationships.fetch({ id: [them.id, me.id] })).map((r) => r.id), [them.id, me.id], "relationships by id");
  await away.v1.accounts.updateCredentials({ locked: false });
  await away.v1.accounts.$select(theirs.id).follow();
  await eventually("they follow", async () => (await home.v1.accounts.relationships.fetch({ id: [them.id] }))[0].followedBy);
  const told = await events.next("a follow", (e) => e.kind === "notification" && e.what.type === "follow", 15000);
  same(as("Notification", told).account.id, them.id, "who followed");
  same(as("Account[]", await home.v1.accounts.$select(me.id).followers.list()).map((a) => a.acct), [`awe@${AWAY}`], "followers");
  same(as("Account[]", await home.v1.accounts.$select(me.id).following.list()).map((a) => a.acct), [`awe@${AWAY}`], "following");
  same(as("Account", await anon.v1.accounts.lookup({ acct: "hana" })).id, me.id, "lookup");
  same(as("Account[]", await home.v1.accounts.search.list({ q: "awe", following: true })).map((a) => a.id), [them.id], "search among those followed");
  await home.v1.accounts.familiarFollowers.fetch({ id: [them.id] });
});

let post;
await part("write", async () => {
  post = as("Status", await home.v1.statuses.create({ status: "Good morning, #Coffee lovers https://example.com/a?b=c&d=e", language: "en", visibility: "public" }));
  same([post.visibility, post.language, post.tags.map((t) => t.name), post.account.id, post.favourited, post.pinned], ["public", "en", ["coffee"], me.id, false, false], "the post");
  const mine = await events.next("my own post", (e) => e.kind === "update" && e.what.id === post.id);
  as("Status", mine);
  const key = { requestInit: { headers: { "Idempotency-Key": "one-and-only" } } };
  const twice = [await home.v1.statuses.create({ status: "Once" }, key), await home.v1.statuses.create({ status: "Once" }, key)];
  same(twice[0].id, twice[1].id, "a post that is sent twice");
  const media = as("MediaAttachment", await home.v2.media.create({ file: picture(), description: "A gradient", focus: "0.5,-0.5", skipPolling: true }));
  ok(media.url?.startsWith(url), "the picture is there at once", media);
  const shown = as("Status", await home.v1.statuses.create({ status: "Look", mediaIds: [media.id], sensitive: true, spoilerText: "Colours", visibility: "unlisted" }));
  same([shown.sensitive, shown.spoilerText, shown.visibility, shown.mediaAttachments[0].description, shown.mediaAttachments[0].meta.original.width, shown.mediaAttachments[0].meta.focus], [true, "Colours", "unlisted", "A gradient", 300, { x: 0.5, y: -0.5 }], "the post with a picture");
  same((await fetch(shown.mediaAttachments[0].url)).headers.get("content-type").slice(0, 6), "image/", "the picture");
  const older = as("MediaAttachment", await home.v1.media.create({ file: picture() }));
  same((await home.v1.media.$select(older.id).update({ description: "Later" })).description, "Later", "text added to a picture");
  const asked = as("Status", await home.v1.statuses.create({ status: "Tea or coffee?", poll: { options: ["Tea", "Coffee"], expiresIn: 3600, multiple: false } }));
  same([asked.poll.options.map((o) => [o.title, o.votesCount]), asked.poll.voted, asked.poll.ownVotes, asked.poll.multiple], [[["Tea", 0], ["Coffee", 0]], true, [], false], "the poll");
  as("Poll", await home.v1.polls.$select(asked.poll.id).fetch());
  await refused(() => home.v1.polls.$select(asked.poll.id).votes.create({ choices: [0] }), 422, "a vote on one's own poll");
  for (const visibility of ["private", "direct"]) same((await home.v1.statuses.create({ status: `A ${visibility} word to @awe@${AWAY}`, visibility })).visibility, visibility, "the visibility");
  await refused(() => home.v1.statuses.create({ status: "" }), 422, "an empty post");
  await refused(() => home.v1.statuses.create({ status: "x".repeat(100000) }), 422, "a post that is too long");
  const at = new Date(Date.now() + 3600e3).toISOString();
  const waits = as("ScheduledStatus", await home.v1.statuses.create({ status: "Tomorrow", scheduledAt: at, visibility: "unlisted" }));
  same([waits.params.text, waits.params.visibility], ["Tomorrow", "unlisted"], "the scheduled post");
  same(as("ScheduledStatus[]", await home.v1.scheduledStatuses.list()).map((s) => s.id), [waits.id], "scheduled posts");
  const moved = new Date(Date.now() + 7200e3).toISOString();
  same(as("ScheduledStatus", await home.v1.scheduledStatuses.$select(waits.id).update({ scheduledAt: moved })).scheduledAt.slice(0, 19), moved.slice(0, 19), "the new time");
  await home.v1.scheduledStatuses.$select(waits.id).remove();
  await refused(() => home.v1.scheduledStatuses.$select(waits.id).fetch(), 404, "a scheduled post that was given up");
});

await part("change and delete", async () => {
  const s = home.v1.statuses.$select(post.id);
  const source = as("StatusSource", await s.source.fetch());
  same(source.text, "Good morning, #Coffee lovers https://example.com/a?b=c&d=e", "the source");
  const edited = as("Status", await s.update({ status: "Good evening, #Coffee lovers" }));
  ok(edited.editedAt && text(edited.content).startsWith("Good evening"), "the post is edited", edited.editedAt, edited.content);
  same(as("Status", await events.next("the edit", (e) => e.kind === "status.update")).id, post.id, "the edited post");
  same(as("StatusEdit[]", await s.history.list()).map((e) => text(e.content).slice(0, 12)), ["Good morning", "Good evening"], "the history");
  same([(await s.pin()).pinned, as("Status[]", await home.v1.accounts.$select(me.id).statuses.list({ pinned: true })).map((p) => p.id), (await s.unpin()).pinned], [true, [post.id], false], "pinned");
  same([(await s.bookmark()).bookmarked, as("Status[]", await home.v1.bookmarks.list()).length, (await s.unbookmark()).bookmarked, await home.v1.bookmarks.list()], [true, 1, false, []], "bookmarked");
  same([(await s.favourite()).favourited, as("Status[]", await home.v1.favourites.list()).length, as("Account[]", await s.favouritedBy.list()).map((a) => a.id), (await s.unfavourite()).favourited], [true, 1, [me.id], false], "favourited");
  const boosted = as("Status", await s.reblog({ visibility: "unlisted" }));
  same([boosted.reblog.id, boosted.reblog.reblogged, boosted.content], [post.id, true, ""], "a boost");
  same(as("Account[]", await s.rebloggedBy.list()).map((a) => a.id), [me.id], "who boosted");
  same([(await s.unreblog()).reblogged, (await s.unreblog()).id], [false, post.id], "a boost taken back, twice");
  same([(await s.mute()).muted, (await s.unmute()).muted], [true, false], "the conversation muted");
  as("Status[]", await home.v1.statuses.fetch({ id: [post.id] }));
  as("Status[]", await s.quotes.list());
  await refused(() => s.translate(), 404, "a translation");
  const gone = await home.v1.statuses.create({ status: "Not for long" });
  same(as("Status", await home.v1.statuses.$select(gone.id).remove()).text, "Not for long", "the text of a deleted post");
  same(await events.next("the deletion", (e) => e.kind === "delete" && e.what === gone.id), gone.id, "the deleted post");
  await refused(() => home.v1.statuses.$select(gone.id).fetch(), 404, "a deleted post");
});

let heard;
await part("stream in order", async () => {
  const said = await away.v1.statuses.create({ status: `Hello from afar, @hana@${HOME}` });
  heard = as("Status", await events.next("their post", (e) => e.kind === "update" && e.what.uri === said.uri));
  const told = as("Notification", await events.next("a mention", (e) => e.kind === "notification" && e.what.type === "mention"));
  same(told.status.id, heard.id, "what the mention is about");
  await later(50);
  await away.v1.statuses.$select(said.id).update({ status: `Hello again, @hana@${HOME}` });
  same((await events.next("their edit", (e) => e.kind === "status.update" && e.what.id === heard.id)).id, heard.id, "the edited post");
  const short = await away.v1.statuses.create({ status: "Only a moment" });
  const brief = await events.next("their other post", (e) => e.kind === "update" && e.what.uri === short.uri);
  await away.v1.statuses.$select(short.id).remove();
  await events.next("their deletion", (e) => e.kind === "delete" && e.what === brief.id);
});

await part("talk", async () => {
  const answer = as("Status", await home.v1.statuses.create({ status: `@awe@${AWAY} Good to hear you`, inReplyToId: heard.id }));
  same([answer.inReplyToId, answer.inReplyToAccountId, answer.mentions.map((m) => m.acct)], [heard.id, them.id, [`awe@${AWAY}`]], "the answer");
  const context = as("Context", await home.v1.statuses.$select(answer.id).context.fetch());
  same([context.ancestors.map((s) => s.id), context.descendants], [[heard.id], []], "the context");
  const [there] = await eventually("they have the answer", async () => {
    const all = await away.v1.notifications.list({ types: ["mention"] });
    return all.filter((n) => n.status.uri === answer.uri);
  });
  await away.v1.statuses.$select(there.status.id).favourite();
  await away.v1.statuses.$select(there.status.id).reblog();
  for (const type of ["favourite", "reblog"]) {
    const told = as("Notification", await events.next(`a ${type}`, (e) => e.kind === "notification" && e.what.type === type, 15000));
    same(told.status.id, answer.id, `what the ${type} is about`);
  }
  const voted = await eventually("my poll is there", async () => (await away.v1.timelines.home.list()).find((s) => s.poll && s.account.acct === `hana@${HOME}`));
  as("Poll", await away.v1.polls.$select(voted.poll.id).votes.create({ choices: [1] }));
  await eventually("the vote is counted", async () => (await home.v1.accounts.$select(me.id).statuses.list({ limit: 40 })).find((s) => s.poll)?.poll.options[1].votesCount === 1);
  const quoted = as("Status", await home.v1.statuses.create({ status: "They said it", quotedStatusId: heard.id }));
  await eventually("the quote is granted", async () => as("Status", await home.v1.statuses.$select(quoted.id).fetch()).quote?.state === "accepted");
});

await part("timelines", async () => {
  for (let i = 0; i < 5; i++) await home.v1.statuses.create({ status: `Number ${i} #counting`, visibility: i % 2 ? "unlisted" : "public" });
  const pages = [];
  for await (const page of home.v1.timelines.home.list({ limit: 4 })) {
    pages.push(as("Status[]", page));
    if (pages.length > 20) break;
  }
  const ids = pages.flat().map((s) => s.id);
  same([new Set(ids).size, [...ids].sort((a, b) => b.length - a.length || (a < b ? 1 : -1))], [ids.length, ids], "home in pages");
  ok(pages.length > 3 && pages.length < 20 && ids.includes(post.id), "home has an end", pages.length);
  const newest = await home.v1.timelines.home.list({ minId: ids.at(-1), limit: 2 });
  same(newest.map((s) => s.id), ids.slice(-3, -1), "just above the oldest");
  same((await home.v1.timelines.home.list({ sinceId: ids[2] })).map((s) => s.id), ids.slice(0, 2), "since the third");
  const up = await home.v1.timelines.home.list({ limit: 3, maxId: ids[4] }).setDirection("prev");
  ok(Array.isArray(up), "a page with the way back");
  ok(as("Status[]", await home.v1.timelines.public.list({ local: true })).every((s) => s.account.id === me.id), "the local timeline is mine");
  ok((await home.v1.timelines.public.list({ remote: true })).every((s) => s.account.id !== me.id), "the remote timeline is others'");
  ok(Array.isArray(await home.v1.timelines.public.list({ onlyMedia: true })), "with pictures");
  same((await home.v1.timelines.tag.$select("counting").list()).length, 3, "posts with the tag that are public");
  same(await home.v1.timelines.tag.$select("nobodysaysthis").list(), [], "a tag that nobody used");
  ok((await home.v1.accounts.$select(me.id).statuses.list({ tagged: "counting" })).length === 5, "mine with the tag");
  ok((await home.v1.accounts.$select(me.id).statuses.list({ excludeReplies: true, excludeReblogs: true })).every((s) => !s.reblog && !s.inReplyToId), "mine without answers");
  same((await home.v1.accounts.$select(me.id).statuses.list({ onlyMedia: true })).length, 1, "mine with pictures");
});

await part("notifications", async () => {
  const all = as("Notification[]", await home.v1.notifications.list());
  ok(["follow", "mention", "favourite", "reblog"].every((t) => all.some((n) => n.type === t)), "all kinds are there", all.map((n) => n.type));
  same((await home.v1.notifications.list({ types: ["follow"] })).map((n) => n.type), ["follow"], "one kind");
  ok((await home.v1.notifications.list({ excludeTypes: ["follow"] })).every((n) => n.type !== "follow"), "but for one kind");
  ok((await home.v1.notifications.unreadCount.fetch()).count >= 4, "the unread");
  same(as("Notification", await home.v1.notifications.$select(all[0].id).fetch()).id, all[0].id, "one");
  const grouped = as("GroupedNotificationsResults", await home.v2.notifications.list());
  ok(grouped.notificationGroups.every((g) => g.sampleAccountIds.every((id) => grouped.accounts.some((a) => a.id === id)) && (!g.statusId || grouped.statuses.some((s) => s.id === g.statusId))), "all that groups name is there");
  as("GroupedNotificationsResults", await home.v2.notifications.list({ expandAccounts: "partial_avatars" }));
  const group = grouped.notificationGroups.find((g) => g.type === "favourite");
  as("GroupedNotificationsResults", await home.v2.notifications.$select(group.groupKey).fetch());
  as("Account[]", await home.v2.notifications.$select(group.groupKey).accounts.fetch());
  ok((await home.v2.notifications.unreadCount.fetch()).count >= 1, "unread groups");
  await home.v2.notifications.$select(group.groupKey).dismiss();
  ok(!(await home.v1.notifications.list()).some((n) => n.type === "favourite"), "a group dismissed");
  await home.v1.notifications.$select(all[0].id).dismiss();
  await refused(() => home.v1.notifications.$select(all[0].id).fetch(), 404, "one dismissed");
  as("NotificationPolicy", await home.v2.notifications.policy.fetch());
  same(as("NotificationPolicy", await home.v2.notifications.policy.update({ forNotFollowing: "filter" })).forNotFollowing, "filter", "the policy");
  await home.v1.accounts.$select(them.id).unfollow();
  await away.v1.statuses.create({ status: `@hana@${HOME} Do you hear me?`, visibility: "direct" });
  const [request] = await eventually("the mention waits", async () => {
    const list = await home.v1.notifications.requests.list();
    return list.length && as("NotificationRequest[]", list);
  });
  same(as("NotificationRequest", await home.v1.notifications.requests.$select(request.id).fetch()).account.id, them.id, "whose mention waits");
  await home.v1.notifications.requests.$select(request.id).accept();
  await eventually("what waited is merged", async () => (await home.v1.notifications.requests.merged.fetch()).merged);
  await eventually("the mention is among the notifications", async () => (await home.v1.notifications.list()).some((n) => n.status?.content.includes("Do you hear")));
  await home.v2.notifications.policy.update({ forNotFollowing: "accept" });
  await home.v1.notifications.clear();
  same(await home.v1.notifications.list(), [], "all cleared");
  await home.v1.accounts.$select(them.id).follow();
  await eventually("they are followed again", async () => (await home.v1.accounts.relationships.fetch({ id: [them.id] }))[0].following);
});

await part("places and conversations", async () => {
  const placed = await home.v1.markers.create({ home: { lastReadId: post.id }, notifications: { lastReadId: "12" } });
  as("MarkerItem", placed.home);
  same(Object.keys(await home.v1.markers.fetch({ timeline: ["home"] })), ["home"], "one marker");
  same((await home.v1.markers.fetch({ timeline: ["home", "notifications"] })).home.lastReadId, post.id, "the marker");
  const [talk] = await eventually("there is a conversation", async () => {
    const all = await home.v1.conversations.list();
    return all.length && as("Conversation[]", all);
  });
  same(talk.accounts.map((a) => a.id), [them.id], "with whom");
  same(as("Conversation", await home.v1.conversations.$select(talk.id).read()).unread, false, "read");
  await home.v1.conversations.$select(talk.id).remove();
  ok(!(await home.v1.conversations.list()).some((c) => c.id === talk.id), "the conversation is gone");
});

await part("lists", async () => {
  const list = as("List", await home.v1.lists.create({ title: "Near ones", exclusive: false }));
  await home.v1.lists.$select(list.id).accounts.create({ accountIds: [them.id] });
  same([as("Account[]", await home.v1.lists.$select(list.id).accounts.list()).map((a) => a.id), as("List[]", await home.v1.accounts.$select(them.id).lists.list()).map((l) => l.id)], [[them.id], [list.id]], "who is on it");
  const on = new Events();
  (async () => {
    for await (const e of stream.list.subscribe({ list: list.id })) on.add(e.event, e.payload);
  })().catch((err) => on.add("end", String(err)));
  await later(300);
  const said = await away.v1.statuses.create({ status: "For the list" });
  const heard = await on.next("a post on the list", (e) => e.kind === "update" && e.what.uri === said.uri, 15000);
  same((await home.v1.timelines.list.$select(list.id).list())[0].id, heard.id, "the list's newest");
  same(as("List", await home.v1.lists.$select(list.id).update({ title: "Dear ones", exclusive: true, repliesPolicy: "none" })), { ...list, title: "Dear ones", exclusive: true, repliesPolicy: "none" }, "the list changed");
  await home.v1.lists.$select(list.id).accounts.remove({ accountIds: [them.id] });
  same(await home.v1.lists.$select(list.id).accounts.list(), [], "nobody is on it");
  await home.v1.lists.$select(list.id).remove();
  same(await home.v1.lists.list(), [], "no list is left");
  await refused(() => home.v1.timelines.list.$select(list.id).list(), 404, "the timeline of no list");
});

await part("filters", async () => {
  const filter = as("v2.Filter", await home.v2.filters.create({ title: "Sport", context: ["home", "public"], filterAction: "warn", expiresIn: 3600, keywordsAttributes: [{ keyword: "football", wholeWord: true }] }));
  same([filter.title, filter.context, filter.filterAction, filter.keywords.map((k) => [k.keyword, k.wholeWord])], ["Sport", ["home", "public"], "warn", [["football", true]]], "the filter");
  const hit = await away.v1.statuses.create({ status: "Football tonight" });
  const seen = await eventually("the post is there", async () => (await home.v1.timelines.home.list()).find((s) => s.uri === hit.uri));
  same([as("Status", seen).filtered.map((f) => f.filter.id), seen.filtered[0]?.keywordMatches], [[filter.id], ["football"]], "what was filtered");
  const select = home.v2.filters.$select(filter.id);
  const word = as("FilterKeyword", await select.keywords.create({ keyword: "tennis", wholeWord: false }));
  same(as("FilterKeyword", await home.v2.filters.keywords.$select(word.id).update({ keyword: "golf", wholeWord: true })).keyword, "golf", "the keyword");
  same(as("FilterKeyword[]", await select.keywords.list()).length, 2, "keywords");
  await home.v2.filters.keywords.$select(word.id).remove();
  const one = as("FilterStatus", await select.statuses.create({ statusId: heard.id }));
  same([one.statusId, as("FilterStatus[]", await select.statuses.list()).map((s) => s.id)], [heard.id, [one.id]], "one post in it");
  await home.v2.filters.statuses.$select(one.id).remove();
  const changed = as("v2.Filter", await select.update({ title: "Games", filterAction: "hide", keywordsAttributes: [{ id: filter.keywords[0].id, _destroy: true }, { keyword: "chess" }] }));
  same([changed.title, changed.filterAction, changed.keywords.map((k) => k.keyword)], ["Games", "hide", ["chess"]], "the filter changed");
  same(as("v2.Filter[]", await home.v2.filters.list()).map((f) => f.id), [filter.id], "filters");
  const old = as("Filter", await home.v1.filters.create({ phrase: "weather", context: ["home"], wholeWord: true, irreversible: false }));
  same(as("Filter", await home.v1.filters.$select(old.id).update({ phrase: "storm", context: ["home", "thread"], expiresIn: 600 })).phrase, "storm", "an old filter");
  same(as("Filter[]", await home.v1.filters.list()).map((f) => f.phrase).sort(), ["chess", "storm"], "old filters");
  await home.v1.filters.$select(old.id).remove();
  await select.remove();
  same(await home.v2.filters.list(), [], "no filter is left");
});

await part("mute, block, note", async () => {
  const a = home.v1.accounts.$select(them.id);
  same(as("Relationship", await a.note.create({ comment: "Met in Oslo" })).note, "Met in Oslo", "the note");
  const muted = as("Relationship", await a.mute({ notifications: false, duration: 3600 }));
  same([muted.muting, muted.mutingNotifications], [true, false], "muted");
  same(as("Account[]", await home.v1.mutes.list()).map((m) => m.id), [them.id], "mutes");
  same((await a.unmute()).muting, false, "unmuted");
  same([(await a.pin()).endorsed, as("Account[]", await home.v1.endorsements.list()).map((e) => e.id), (await a.unpin()).endorsed], [true, [them.id], false], "endorsed");
  same([(await a.endorse()).endorsed, (await a.unendorse()).endorsed], [true, false], "endorsed by the new names");
  await home.v1.domainBlocks.create({ domain: "spam.example" });
  same(await home.v1.domainBlocks.list(), ["spam.example"], "servers blocked");
  await home.v1.domainBlocks.remove({ domain: "spam.example" });
  same(await home.v1.domainBlocks.list(), [], "no server blocked");
  as("Report", await home.v1.reports.create({ accountId: them.id, statusIds: [heard.id], comment: "Too friendly", forward: false, category: "other" }));
  await a.removeFromFollowers();
  ok(!(await home.v1.accounts.relationships.fetch({ id: [them.id] }))[0].followedBy, "a follower removed");
  const blocked = as("Relationship", await a.block());
  same([blocked.blocking, blocked.following], [true, false], "blocked");
  same(as("Account[]", await home.v1.blocks.list()).map((b) => b.id), [them.id], "blocks");
  same((await a.unblock()).blocking, false, "unblocked");
});

await part("tags", async () => {
  const tag = as("Tag", await home.v1.tags.$select("coffee").follow());
  same([tag.name, tag.following, as("Tag[]", await home.v1.followedTags.list()).map((t) => t.name)], ["coffee", true, ["coffee"]], "a tag followed");
  same((await home.v1.tags.$select("coffee").unfollow()).following, false, "a tag unfollowed");
  as("Tag", await home.v1.tags.$select("neverseen").fetch());
  const featured = as("FeaturedTag", await home.v1.featuredTags.create({ name: "coffee" }));
  same([as("FeaturedTag[]", await home.v1.featuredTags.list()).map((t) => t.name), as("FeaturedTag[]", await home.v1.accounts.$select(me.id).featuredTags.list()).length], [["coffee"], 1], "featured tags");
  as("Tag[]", await home.v1.featuredTags.suggestions.list());
  await home.v1.featuredTags.$select(featured.id).remove();
  same(await home.v1.featuredTags.list(), [], "no tag is featured");
  same(as("v2.Search", await home.v2.search.list({ q: "#coffee", type: "hashtags" })).hashtags.map((t) => t.name), ["coffee"], "a tag found");
  same((await home.v2.search.list({ q: post.uri, type: "statuses", resolve: true })).statuses.map((s) => s.id), [post.id], "a post found by its address");
  same(as("v2.Search", await home.v2.search.list({ q: "nothing like it" })), { accounts: [], statuses: [], hashtags: [] }, "what is found of nothing");
});

await part("streams of all kinds", async () => {
  const on = {};
  const open = (name, subscription) => {
    on[name] = new Events();
    (async () => {
      for await (const e of subscription) on[name].add(e.event, e.payload);
    })().catch((err) => on[name].add("end", String(err)));
  };
  open("public", stream.public.subscribe());
  open("remote", stream.public.remote.subscribe());
  open("local", stream.public.local.subscribe());
  open("media", stream.public.local.media.subscribe());
  open("hashtag", stream.hashtag.subscribe({ tag: "tides" }));
  open("here", stream.hashtag.local.subscribe({ tag: "tides" }));
  open("direct", stream.direct.subscribe());
  open("notification", stream.user.notification.subscribe());
  await later(300);
  const mine = await home.v1.statuses.create({ status: "High #tides", mediaIds: [(await home.v2.media.create({ file: picture(), skipPolling: true })).id] });
  for (const name of ["local", "media", "hashtag", "here"]) await on[name].next(`my post on ${name}`, (e) => e.kind === "update" && e.what.id === mine.id);
  await on.public.next("my post", (e) => e.kind === "update" && e.what.id === mine.id);
  const said = await away.v1.statuses.create({ status: `Low #tides @hana@${HOME}` });
  for (const name of ["public", "remote", "hashtag"]) await on[name].next(`their post on ${name}`, (e) => e.kind === "update" && e.what.uri === said.uri, 5000);
  await on.notification.next("their mention", (e) => e.kind === "notification" && e.what.status.uri === said.uri, 5000);
  await away.v1.statuses.create({ status: `A word @hana@${HOME}`, visibility: "direct" });
  as("Conversation", await on.direct.next("their direct message", (e) => e.kind === "conversation", 5000));
  await home.v1.statuses.$select(mine.id).remove();
  for (const name of ["public", "local", "hashtag"]) await on[name].next(`the deletion on ${name}`, (e) => e.kind === "delete" && e.what === mine.id);
  ok(![...on.remote.seen, ...on.here.seen].some((e) => e.kind === "update"), "streams bring nothing else", on.remote.seen, on.here.seen);
});

await part("corners", async () => {
  const nothing = {
    suggestions: home.v1.suggestions.list(), proofs: home.v1.accounts.$select(me.id).identityProofs.list(), endorsed: home.v1.accounts.$select(me.id).endorsements.list(),
    link: home.v1.timelines.link.list({ url: "https://example.com/" }), tags: home.v1.trends.tags.list(),
  };
  for (const [name, list] of Object.entries(nothing)) same(await list, [], name);
  ok(Array.isArray(await home.v1.instance.languages.list()), "languages");
  same(await home.v1.instance.translationLanguages.list(), {}, "translations");
  const picked = (await home.v2.media.create({ file: picture(), description: "Before", skipPolling: true })).id;
  const shown = as("Status", await home.v1.statuses.create({ status: "Look again", mediaIds: [picked], quoteApprovalPolicy: "nobody" }));
  same(shown.quoteApproval.automatic, [], "who may quote it");
  const edited = as("Status", await home.v1.statuses.$select(shown.id).update({ status: "Look again", mediaIds: [picked], mediaAttributes: [{ id: picked, description: "After", focus: "-0.25,0.75" }] }));
  same([edited.mediaAttachments[0].description, edited.mediaAttachments[0].meta.focus], ["After", { x: -0.25, y: 0.75 }], "the picture's text changed");
  same(as("StatusEdit[]", await home.v1.statuses.$select(shown.id).history.list()).map((e) => e.mediaAttachments[0].description), ["Before", "After"], "the picture's texts");
  const profile = as("Profile", await home.v1.profile.update({ displayName: "Hana K.", avatar: picture(), fieldsAttributes: [{ name: "One", value: "1" }] }));
  same([profile.displayName, profile.fields.map((f) => f.name)], ["Hana K.", ["One"]], "the profile");
  same((await home.v1.tags.$select("tides").feature()).featuring, true, "a hashtag featured");
  same((await home.v1.tags.$select("tides").unfeature()).featuring, false, "no longer featured");
  const [talk] = await home.v1.conversations.list();
  same((await home.v1.conversations.$select(talk.id).read()).unread, false, "a conversation read");
  same(as("Conversation", await home.v1.conversations.$select(talk.id).unread()).unread, true, "a conversation unread");
  const card = await home.v1.statuses.$select(shown.id).card.fetch();
  same(card, {}, "the card of a post without a link");
  await refused(() => home.v1.statuses.$select("123").fetch(), 404, "no post");
  await refused(() => home.v1.accounts.$select("not-an-id").fetch(), 404, "no account");
  await refused(() => home.v1.lists.create({ title: "" }), 422, "a list without a name");
  await refused(() => home.v2.filters.create({ title: "", context: [] }), 422, "a filter without anything");
  await refused(() => home.v1.polls.$select("1").votes.create({ choices: [9] }), 404, "no poll");
  await refused(() => home.v1.admin.accounts.list(), 404, "what is for moderators");
});

await part("profile", async () => {
  const changed = as("CredentialAccount", await home.v1.accounts.updateCredentials({
    displayName: "Hana ☕", note: "I drink\n#coffee", avatar: picture(), header: picture(), locked: true, bot: false, discoverable: true,
    source: { privacy: "unlisted", sensitive: true, language: "de" }, fieldsAttributes: [{ name: "Home", value: url }, { name: "Drink", value: "Coffee" }],
  }));
  same([changed.displayName, changed.source.note, changed.locked, changed.source.privacy, changed.source.sensitive, changed.source.language, changed.source.fields.map((f) => f.name)], ["Hana ☕", "I drink\n#coffee", true, "unlisted", true, "de", ["Home", "Drink"]], "the profile");
  for (const at of [changed.avatar, changed.avatarStatic, changed.header]) same((await fetch(at)).status, 200, `the picture at ${at}`);
  same((await home.v1.preferences.fetch())["posting:default:visibility"], "unlisted", "the preference");
  same((await home.v1.accounts.updateCredentials({ source: { privacy: "public", sensitive: false, language: "en" }, locked: false })).displayName, "Hana ☕", "a name that was not spoken of");
  as("Profile", await home.v1.profile.fetch());
  as("CredentialAccount", await home.v1.profile.avatar.remove());
});

await part("push", async () => {
  await refused(() => home.v1.push.subscription.fetch(), 404, "no subscription");
  const keys = { p256dh: "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM", auth: "tBHItJI5svbpez7KI4CCXg" };
  const made = as("WebPushSubscription", await home.v1.push.subscription.create({ subscription: { endpoint: PUSH, keys }, data: { alerts: { mention: true, favourite: false }, policy: "all" } }));
  same([made.endpoint, made.alerts.mention, made.alerts.favourite, made.alerts.reblog], [PUSH, true, false, false], "the subscription");
  same(as("WebPushSubscription", await home.v1.push.subscription.update({ data: { alerts: { mention: true, poll: true } } })).alerts.poll, true, "the subscription changed");
  as("WebPushSubscription", await home.v1.push.subscription.fetch());
  await away.v1.statuses.create({ status: `@hana@${HOME} Are you there?` });
  await events.next("the mention that is pushed", (e) => e.kind === "notification" && e.what.type === "mention", 15000);
  await pushed();
});

await part("sign out", async () => {
  await home.v1.push.subscription.remove().catch(() => {});
  ok(!events.seen.some((e) => e.kind === "end"), "the stream lasted all day", events.seen.at(-1));
  const socket = new WebSocket(`wss://${HOME}/api/v1/streaming?stream=user&access_token=${token}`);
  await new Promise((done) => (socket.onopen = done));
  const ended = new Promise((done) => (socket.onclose = () => done(Date.now())));
  const at = Date.now();
  await createOAuthAPIClient({ url }).revoke({ clientId: app.clientId, clientSecret: app.clientSecret, token });
  const when = await Promise.race([ended, later(5000)]);
  ok(when - at < 1000, "the stream ends within a second", when - at);
  await refused(() => home.v1.timelines.home.list(), 401, "home after signing out");
  await refused(() => new Promise((_, no) => {
    const again = new WebSocket(`wss://${HOME}/api/v1/streaming?stream=user&access_token=${token}`);
    again.onerror = () => no({ statusCode: 401 });
    again.onopen = () => no({ statusCode: 101 });
  }), 401, "a stream after signing out");
});

end();
