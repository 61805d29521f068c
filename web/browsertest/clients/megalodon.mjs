// A day's use with megalodon, for apps that speak with many kinds of server.
import generator, { detector } from "megalodon";
import { AWAY, AWAY_TOKEN, consent, end, eventually, Events, HOME, later, ok, part, picture, PUSH, pushed, refused, same, text } from "./day.mjs";

const url = `https://${HOME}`;
const got = async (call) => (await call).data;
let kind, app, token, home, away, me, them, theirs, post, heard, stream;
const events = new Events();

await part("sign in", async () => {
  kind = await detector(url);
  same(kind, "mastodon", "the kind of server");
  const anon = generator(kind, url);
  app = await anon.registerApp("Another day", { scopes: ["read", "write", "follow", "push"], website: "https://app.example" });
  const led = new URL(await consent(app.url));
  same([led.host, led.pathname], [HOME, "/oauth/authorize/native"], "where consent leads");
  const given = await anon.fetchAccessToken(app.client_id, app.client_secret, led.searchParams.get("code"));
  ok(given.token_type === "Bearer" && typeof given.created_at === "number", "the token", given);
  token = given.access_token;
  home = generator(kind, url, token);
  away = generator(await detector(`https://${AWAY}`), `https://${AWAY}`, AWAY_TOKEN);
  me = await got(home.verifyAccountCredentials());
  same([me.acct, me.source.privacy], ["hana", "public"], "who signed in");
  same((await got(home.verifyAppCredentials())).name, "Another day", "the app");
});

await part("the server", async () => {
  const server = await got(home.getInstance());
  same([server.uri, server.urls.streaming_api, typeof server.configuration.statuses.max_characters], [HOME, `wss://${HOME}`, "number"], "the server");
  same([await got(home.getInstanceCustomEmojis()), await got(home.getInstanceAnnouncements()), await got(home.getInstanceTrends()), await got(home.getSuggestions())], [[], [], [], []], "what there is none of");
  ok(Array.isArray(await got(home.getInstancePeers())) && Array.isArray(await got(home.getInstanceActivity())), "peers and activity");
  ok(Array.isArray(await got(home.getInstanceDirectory())), "the directory");
  ok("posting:default:visibility" in (await got(home.getPreferences())), "preferences");
  stream = await home.userStreaming();
  for (const kind of ["update", "notification", "delete", "status_update", "conversation", "close", "error", "parser-error"]) stream.on(kind, (what) => events.add(kind, what));
  const open = new Promise((done) => stream.once("connect", done));
  await open;
});

await part("follow with consent", async () => {
  await away.updateCredentials({ locked: true });
  [them] = (await got(home.search(`@awe@${AWAY}`, { type: "accounts", resolve: true }))).accounts;
  same([them.acct, them.locked], [`awe@${AWAY}`, true], "who is found");
  same((await got(home.followAccount(them.id, { reblog: true }))).requested, true, "a follow that waits");
  [theirs] = await eventually("the request arrives", () => got(away.getFollowRequests()));
  await away.acceptFollowRequest(theirs.id);
  await eventually("they are followed", async () => (await got(home.getRelationship(them.id))).following);
  await away.updateCredentials({ locked: false });
  await away.followAccount(theirs.id);
  const told = await events.next("a follow", (e) => e.kind === "notification" && e.what.type === "follow", 15000);
  same(told.account.id, them.id, "who followed");
  same([(await got(home.getAccountFollowers(me.id))).map((a) => a.id), (await got(home.getAccountFollowing(me.id))).map((a) => a.id)], [[them.id], [them.id]], "followers and followed");
  same((await got(home.getRelationships([them.id, me.id]))).map((r) => r.id), [them.id, me.id], "relationships");
  same((await got(home.searchAccount("awe", { limit: 5 }))).map((a) => a.id), [them.id], "search");
  same((await got(home.lookupAccount("hana"))).id, me.id, "lookup");
  same((await got(home.subscribeAccount(them.id))).notifying, true, "told of each post");
  same((await got(home.unsubscribeAccount(them.id))).notifying, false, "no longer");
});

await part("write", async () => {
  post = await got(home.postStatus("Lunch with #friends", { visibility: "public", language: "en", sensitive: false }));
  same([post.visibility, post.tags.map((t) => t.name), text(post.content)], ["public", ["friends"], "Lunch with #friends"], "the post");
  same((await events.next("my own post", (e) => e.kind === "update")).id, post.id, "my own post");
  const bytes = Buffer.from(await picture().arrayBuffer());
  const file = await import("node:fs").then((fs) => fs.createReadStream(process.env.PICTURE));
  ok(bytes.length > 0, "the picture");
  const media = await got(home.uploadMedia(file, { description: "A gradient", focus: "0.1,0.2" }));
  ok(media.url, "the picture is there at once", media);
  same((await got(home.updateMedia(media.id, { description: "A better gradient" }))).description, "A better gradient", "its text");
  same((await got(home.getMedia(media.id))).id, media.id, "the picture by its id");
  const shown = await got(home.postStatus("Look", { media_ids: [media.id], sensitive: true, spoiler_text: "Colours", visibility: "unlisted" }));
  same([shown.spoiler_text, shown.media_attachments[0].description, shown.media_attachments[0].type], ["Colours", "A better gradient", "image"], "the post with a picture");
  const asked = await got(home.postStatus("Tea?", { poll: { options: ["Yes", "No", "Perhaps"], expires_in: 600, multiple: true, hide_totals: true } }));
  same([asked.poll.options.length, asked.poll.multiple, (await got(home.getPoll(asked.poll.id))).id], [3, true, asked.poll.id], "the poll");
  const waits = await got(home.postStatus("Later", { scheduled_at: new Date(Date.now() + 3600e3).toISOString() }));
  same(waits.params.text, "Later", "the scheduled post");
  const moved = new Date(Date.now() + 7200e3).toISOString();
  same([(await got(home.getScheduledStatuses())).length, (await got(home.scheduleStatus(waits.id, moved))).scheduled_at.slice(0, 16), (await got(home.getScheduledStatus(waits.id))).id], [1, moved.slice(0, 16), waits.id], "scheduled posts");
  await home.cancelScheduledStatus(waits.id);
  same(await got(home.getScheduledStatuses()), [], "no scheduled posts");
  for (const visibility of ["private", "direct"]) same((await got(home.postStatus(`@awe@${AWAY} psst`, { visibility }))).visibility, visibility, "the visibility");
});

await part("change and delete", async () => {
  same((await got(home.getStatusSource(post.id))).text, "Lunch with #friends", "the source");
  ok((await got(home.editStatus(post.id, { status: "Dinner with #friends" }))).edited_at, "the post is edited");
  same((await events.next("the edit", (e) => e.kind === "status_update")).id, post.id, "the edited post");
  for (const [name, there, list] of [["favourite", "favourited", "getFavourites"], ["bookmark", "bookmarked", "getBookmarks"]]) {
    same([(await got(home[`${name}Status`](post.id)))[there], (await got(home[list]())).map((s) => s.id), (await got(home[`un${name}Status`](post.id)))[there], await got(home[list]())], [true, [post.id], false, []], there);
  }
  same([(await got(home.pinStatus(post.id))).pinned, (await got(home.getAccountStatuses(me.id, { pinned: true }))).map((s) => s.id), (await got(home.unpinStatus(post.id))).pinned], [true, [post.id], false], "pinned");
  same([(await got(home.muteStatus(post.id))).muted, (await got(home.unmuteStatus(post.id))).muted], [true, false], "muted");
  same([(await got(home.reblogStatus(post.id))).reblog.id, (await got(home.getStatusRebloggedBy(post.id))).map((a) => a.id), (await got(home.unreblogStatus(post.id))).reblogged, await got(home.getStatusFavouritedBy(post.id))], [post.id, [me.id], false, []], "boosted");
  const gone = await got(home.postStatus("Not for long"));
  await home.deleteStatus(gone.id);
  await events.next("the deletion", (e) => e.kind === "delete" && e.what === gone.id);
  await refused(() => home.getStatus(gone.id), 404, "a deleted post");
  await refused(() => home.postStatus(""), 422, "an empty post");
});

await part("stream in order", async () => {
  const said = await got(away.postStatus(`Hello from afar, @hana@${HOME}`));
  heard = await events.next("their post", (e) => e.kind === "update" && e.what.uri === said.uri);
  await events.next("a mention", (e) => e.kind === "notification" && e.what.type === "mention");
  await later(50);
  await away.editStatus(said.id, { status: `Hello again, @hana@${HOME}` });
  await events.next("their edit", (e) => e.kind === "status_update" && e.what.id === heard.id);
  const short = await got(away.postStatus("Only a moment"));
  const brief = await events.next("their other post", (e) => e.kind === "update" && e.what.uri === short.uri);
  await away.deleteStatus(short.id);
  await events.next("their deletion", (e) => e.kind === "delete" && e.what === brief.id);
  const aside = new Promise((done) => home.directStreaming().then((s) => { s.on("conversation", (c) => { s.stop(); done(c); }); s.on("connect", () => away.postStatus(`@hana@${HOME} in private`, { visibility: "direct" })); }));
  same((await aside).accounts.map((a) => a.id), [them.id], "whose direct message it is");
  const tagged = new Promise((done) => home.tagStreaming("tides").then((s) => { s.on("update", (u) => { s.stop(); done(u); }); s.on("connect", () => away.postStatus("High #tides")); }));
  ok((await tagged).tags.some((t) => t.name === "tides"), "a post with a hashtag");
});

await part("talk and timelines", async () => {
  const answer = await got(home.postStatus(`@awe@${AWAY} Good to hear you`, { in_reply_to_id: heard.id }));
  same((await got(home.getStatusContext(answer.id))).ancestors.map((s) => s.id), [heard.id], "the context");
  const [there] = await eventually("they have the answer", async () => (await got(away.getNotifications())).filter((n) => n.status?.uri === answer.uri));
  await away.favouriteStatus(there.status.id);
  await events.next("a favourite", (e) => e.kind === "notification" && e.what.type === "favourite", 15000);
  const quoted = await got(home.postStatus("They said it", { quote_id: heard.id }));
  await eventually("the quote is granted", async () => (await got(home.getStatus(quoted.id))).quote?.quoted_status?.id === heard.id);
  const all = await got(home.getHomeTimeline({ limit: 40 }));
  const second = await got(home.getHomeTimeline({ limit: 3, max_id: all[2].id }));
  same(second.map((s) => s.id), all.slice(3, 6).map((s) => s.id), "home in pages");
  same((await got(home.getHomeTimeline({ limit: 2, min_id: all[4].id }))).map((s) => s.id), all.slice(2, 4).map((s) => s.id), "just above");
  ok((await got(home.getLocalTimeline())).every((s) => s.account.id === me.id), "the local timeline");
  ok((await got(home.getPublicTimeline({ only_media: false }))).length > 0, "the public timeline");
  same((await got(home.getTagTimeline("friends"))).map((s) => s.id), [post.id], "posts with a hashtag");
  const links = (await home.getHomeTimeline({ limit: 2 })).headers.link;
  ok(links.includes(`<${url}/api/v1/timelines/home?`), "the way on", links);
});

await part("notifications, places, conversations", async () => {
  const all = await got(home.getNotifications({ limit: 30 }));
  ok(["follow", "mention", "favourite"].every((t) => all.some((n) => n.type === t)), "all kinds", all.map((n) => n.type));
  ok((await got(home.getNotifications({ exclude_types: ["follow"] }))).every((n) => n.type !== "follow"), "but for one kind");
  same((await got(home.getNotification(all[0].id))).id, all[0].id, "one");
  await home.dismissNotification(all[0].id);
  await refused(() => home.getNotification(all[0].id), 404, "one dismissed");
  await home.dismissNotifications();
  same(await got(home.getNotifications()), [], "all cleared");
  same((await got(home.saveMarkers({ home: { last_read_id: post.id } }))).home.last_read_id, post.id, "the marker");
  same((await got(home.getMarkers(["home"]))).home.last_read_id, post.id, "the marker again");
  const talks = await got(home.getConversationTimeline());
  ok(talks.length > 0 && talks[0].accounts[0].id === them.id, "conversations", talks.length);
  same((await got(home.readConversation(talks[0].id))).unread, false, "read");
  await home.deleteConversation(talks[0].id);
});

await part("lists, filters, people, tags", async () => {
  const list = await got(home.createList("Near ones"));
  await home.addAccountsToList(list.id, [them.id]);
  same([(await got(home.getAccountsInList(list.id))).map((a) => a.id), (await got(home.getAccountLists(them.id))).map((l) => l.id), (await got(home.updateList(list.id, "Dear ones"))).title, (await got(home.getList(list.id))).id, (await got(home.getLists())).length], [[them.id], [list.id], "Dear ones", list.id, 1], "a list");
  ok(Array.isArray(await got(home.getListTimeline(list.id))), "its timeline");
  await home.deleteAccountsFromList(list.id, [them.id]);
  same(await got(home.getAccountsInList(list.id)), [], "nobody is on it");
  await home.deleteList(list.id);
  const filter = await got(home.createFilter("weather", ["home", "notifications"], { whole_word: true, irreversible: false }));
  same([(await got(home.updateFilter(filter.id, "storm", ["home"]))).phrase, (await got(home.getFilter(filter.id))).context, (await got(home.getFilters())).length], ["storm", ["home"], 1], "a filter");
  await home.deleteFilter(filter.id);
  same([(await got(home.muteAccount(them.id, true))).muting, (await got(home.getMutes())).map((a) => a.id), (await got(home.unmuteAccount(them.id))).muting], [true, [them.id], false], "muted");
  same((await got(home.setAccountNote(them.id, "Met in Oslo"))).note, "Met in Oslo", "the note");
  same([(await got(home.pinAccount(them.id))).endorsed, (await got(home.getEndorsements())).length, (await got(home.unpinAccount(them.id))).endorsed], [true, 1, false], "endorsed");
  await home.blockDomain("spam.example");
  same(await got(home.getDomainBlocks()), ["spam.example"], "servers blocked");
  await home.unblockDomain("spam.example");
  same(await got(home.getDomainBlocks()), [], "no server is blocked");
  await home.report(them.id, { comment: "Too friendly", category: "other", forward: false });
  same([(await got(home.followTag("friends"))).following, (await got(home.getFollowedTags())).map((t) => t.name), (await got(home.getTag("friends"))).name, (await got(home.unfollowTag("friends"))).following], [true, ["friends"], "friends", false], "a hashtag");
  const featured = await got(home.createFeaturedTag("friends"));
  same((await got(home.getFeaturedTags())).map((t) => t.name), ["friends"], "featured");
  await home.deleteFeaturedTag(featured.id);
  ok(Array.isArray(await got(home.getSuggestedTags())), "suggested tags");
  same([(await got(home.blockAccount(them.id))).blocking, (await got(home.getBlocks())).length, (await got(home.unblockAccount(them.id))).blocking], [true, 1, false], "blocked");
  same((await got(home.unfollowAccount(them.id))).following, false, "unfollowed");
});

await part("profile and push", async () => {
  const changed = await got(home.updateCredentials({ display_name: "Hana", note: "Two\nlines", bot: false, locked: true, discoverable: true, source: { privacy: "unlisted", sensitive: false, language: "de" }, fields_attributes: [{ name: "Home", value: url }, { name: "Drink", value: "Tea" }] }));
  same([changed.display_name, changed.locked, changed.source.note, changed.source.privacy, changed.source.language, changed.source.fields.map((f) => f.value)], ["Hana", true, "Two\nlines", "unlisted", "de", [url, "Tea"]], "the profile");
  const keys = { p256dh: "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM", auth: "tBHItJI5svbpez7KI4CCXg" };
  same((await got(home.subscribePushNotification({ endpoint: PUSH, keys }, { alerts: { mention: true } }))).alerts.mention, true, "the subscription");
  same((await got(home.updatePushSubscription({ alerts: { mention: true, follow: true } }))).alerts.follow, true, "the subscription changed");
  same((await got(home.getPushSubscription())).endpoint, PUSH, "the subscription again");
  await away.postStatus(`@hana@${HOME} Are you there?`);
  await events.next("the mention that is pushed", (e) => e.kind === "notification" && e.what.type === "mention", 15000);
  await pushed();
});

await part("sign out", async () => {
  ok(!events.seen.some((e) => ["close", "error", "parser-error"].includes(e.kind)), "the stream lasted all day", events.seen.map((e) => e.kind));
  const ended = new Promise((done) => stream._client.addEventListener("close", () => done(Date.now())));
  const at = Date.now();
  await home.revokeToken(app.client_id, app.client_secret, token);
  ok((await Promise.race([ended, later(5000)])) - at < 1000, "the stream ends within a second");
  stream.stop();
  await refused(() => home.getHomeTimeline(), 401, "home after signing out");
});

end();
