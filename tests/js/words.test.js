/** Search by words: what counts as words, what comes back, and which answer is shown. */
import assert from "node:assert/strict";
import test from "node:test";

import { History } from "../../twlab/widgets/js/history.js";
import { findText } from "../../twlab/widgets/js/search.js";
import { Store, initialState } from "../../twlab/widgets/js/state.js";
import {
  WordSearch,
  bestLast,
  columnOfScores,
  decodeScores,
  tellSpread,
  wearSearch,
  withSearched,
} from "../../twlab/widgets/js/word_search.js";

const cluster = {
  name: "cluster",
  kind: "category",
  codes: Uint8Array.of(0, 0, 1, 1, 1, 0),
  names: ["a rabbit", "4"],
};

/** Six rows of three places, in two lanes. */
const makeData = (words = true) =>
  /** @type {any} */ ({
    n: 6,
    words,
    colorBy: "cluster",
    videos: [{ title: "film", duration: 596 }],
    columns: [cluster],
    pages: {},
    start: Float64Array.of(0, 6, 12, 0, 6, 12),
    end: Float64Array.of(6, 12, 18, 6, 12, 18),
  });

/** @param {number[]} scores @param {number[]} rows @param {number} [offset] */
function packed(scores, rows, offset = 0) {
  const bytes = new Uint8Array(offset + 4 * (scores.length + rows.length));
  const view = new DataView(bytes.buffer, offset);
  scores.forEach((score, k) => view.setFloat32(4 * k, score, true));
  rows.forEach((row, k) => view.setUint32(4 * (scores.length + k), row, true));
  return view;
}

/** An explorer without views, whose questions are answered when the test says so. */
function makePage(data = makeData()) {
  const store = new Store(initialState(data));
  const history = new History(store);
  store.on(["searched"], () => (data.columns = withSearched(data.columns, store.get("searched"))));
  /** @type {{ question: any, answer: (note: string, bytes?: DataView | null) => Promise<void>, fail: () => void }[]} */
  const asked = [];
  const ask = (/** @type {any} */ question) =>
    new Promise((give, fail) => {
      const answer = async (/** @type {string} */ note, /** @type {any} */ bytes = null) => {
        give({ answer: { note }, bytes });
        await new Promise((done) => setTimeout(done, 0));
      };
      asked.push({ question, answer, fail: () => fail(new Error("gone")) });
    });
  const search = new WordSearch(data, store, /** @type {any} */ (ask));
  return { data, store, history, asked, search };
}

const SCORES = packed([1, 3, -1, 1, 3, -1], [4, 0, 2]);

test("what names a time, a label or a column is no words; what is quoted is", () => {
  const now = { video: 0, colorBy: "cluster" };
  const kindOf = (/** @type {string} */ text, words = true) =>
    findText(makeData(words), now, text).kind;
  for (const text of ["4", "0:07", "7", "cluster:4", "cluster a rabbit", "A Rabbit", "rabb"])
    assert.notEqual(kindOf(text), "words", text);
  assert.deepEqual(findText(makeData(), now, "cluster:none"), {
    kind: "none",
    why: "Nothing holds 'cluster:none'",
  });
  assert.equal(kindOf("99:00"), "none");
  for (const text of ["a hare", "yawns", '"4"', "“a rabbit”"])
    assert.equal(kindOf(text), "words", text);
  assert.deepEqual(findText(makeData(), now, ' " a rabbit " '), {
    kind: "words",
    words: "a rabbit",
  });
  assert.equal(kindOf('""'), "words");
  const some = /** @type {any} */ (findText(makeData(), now, "rabb"));
  assert.match(some.what, /in quotes/);
  assert.equal(/** @type {any} */ (findText(makeData(false), now, "rabb")).what, "'rabb'");
});

test("scores are read wherever they lie in what came, and not where it is cut short", () => {
  for (const offset of [0, 1, 4]) {
    const found = decodeScores(packed([1, NaN, 2], [2, 0], offset), 3);
    assert.deepEqual([...(found?.scores ?? [])], [1, NaN, 2]);
    assert.deepEqual([...(found?.rows ?? [])], [2, 0]);
  }
  assert.equal(decodeScores(packed([1], []), 3), null);
  assert.equal(decodeScores(new DataView(new ArrayBuffer(13)), 3), null);
});

test("the scores are a column of their own name, and only one", () => {
  const columns = /** @type {any} */ ([cluster, { name: "search: x", kind: "category" }]);
  const column = columnOfScores(columns, "x", Float32Array.of(NaN, 2, -1));
  assert.deepEqual([column.name, column.low, column.high], ["search: x*", -1, 2]);
  const searched = { words: "x", column };
  const more = withSearched(columns, /** @type {any} */ (searched));
  assert.deepEqual(
    withSearched(more, /** @type {any} */ (searched)).map(({ name }) => name),
    ["cluster", "search: x", "search: x*"],
  );
  assert.deepEqual(withSearched(more, null), columns);
  assert.ok(columnOfScores(columns, "long ".repeat(40), Float32Array.of(1)).name.length < 50);
  assert.equal(columnOfScores(columns, "y", Float32Array.of(NaN)).low, 0);
});

test("an answer colours by its scores, orders by them, and says how they are spread", async () => {
  const { data, store, asked, search } = makePage();
  const filters = { cluster: { range: null, closed: false, groups: [0] } };
  store.set({ mask: Uint8Array.of(1, 0, 0, 0, 0, 0), selected: 1, filters });
  const shown = search.look("a hare");
  assert.equal(store.get("pending"), "a hare");
  assert.deepEqual(asked[0].question, { kind: "words", text: "a hare", again: false });
  await asked[0].answer("", SCORES);
  assert.equal(await shown, true);
  assert.deepEqual([...(store.get("searched")?.rows ?? [])], [4, 0, 2]);
  assert.deepEqual(
    [store.get("colorBy"), store.get("order"), store.get("selected"), store.get("pending")],
    ["search: a hare", "score", 0, ""],
  );
  assert.deepEqual(store.get("filters"), {});
  assert.equal(data.columns.at(-1).name, "search: a hare");
  assert.equal(store.get("message"), "Best for “a hare”: 0:06 – 0:12, score 3.00");
  assert.ok(search.clear("gone"));
  assert.deepEqual([store.get("searched"), store.get("colorBy")], [null, "cluster"]);
  assert.deepEqual(data.columns, [cluster]);
  assert.equal(search.clear("gone"), false);
});

test("the best lie last, and with them over others, whatever there is", () => {
  const values = Float32Array.of(3, NaN, 1, 5, 1, NaN, 4);
  const column = /** @type {any} */ ({ values, low: 1, high: 5 });
  const rows = Uint32Array.of(0, 1, 2, 3, 4, 5, 6);
  assert.deepEqual([...bestLast(rows, column)], [1, 5, 2, 4, 0, 6, 3]);
  assert.deepEqual([...bestLast(rows.slice(0, 3), column)], [1, 2, 0]);
  assert.deepEqual([...bestLast(Uint32Array.of(4, 2), { ...column, high: 1 })], [4, 2]);
  assert.deepEqual([...bestLast(new Uint32Array(0), column)], []);
});

test("half of the scores are said to lie where they do, of places and not of rows", () => {
  const scores = Float32Array.of(0, 1, 2, 3, 4, NaN);
  const told = tellSpread(
    makeData(),
    /** @type {any} */ ({
      ...{ words: "x", scores, rows: Uint32Array.of(4, 3, 2, 1, 0) },
    }),
  );
  assert.match(told, /: 0:06 – 0:12, score 4.00; half of all score 1.00 to 3.00$/);
  const videos = [{ title: "one" }, { title: "other" }];
  const several = { ...makeData(), videos, video: Uint32Array.of(0, 0, 0, 0, 1, 0) };
  const found = { words: "x", scores, rows: Uint32Array.of(4, 3, 2, 1, 0) };
  assert.match(tellSpread(several, /** @type {any} */ (found)), /: other, 0:06 – 0:12, score/);
  const none = { words: "x", scores, rows: new Uint32Array(0) };
  assert.match(tellSpread(makeData(), /** @type {any} */ (none)), /No segment can be compared/);
});

test("a late answer never takes the place of a newer one", async () => {
  const { store, asked, search } = makePage();
  const [first, second] = [search.look("one"), search.look("two")];
  await asked[1].answer("", packed([0, 0, 9, 0, 0, 9], [2, 0, 1]));
  await asked[0].answer("", SCORES);
  assert.deepEqual([await first, await second], [false, true]);
  assert.equal(store.get("searched")?.words, "two");
  const third = search.look("three");
  search.clear("");
  await asked[2].answer("", SCORES);
  assert.equal(await third, false);
  assert.deepEqual([store.get("searched"), store.get("pending")], [null, ""]);
  const fourth = search.look("four");
  const fifth = search.look("five");
  await asked[3].answer("a mistake of the older one");
  assert.doesNotMatch(store.get("message"), /mistake/);
  await asked[4].answer("", SCORES);
  assert.deepEqual([await fourth, await fifth], [false, true]);
});

test("one question is asked once while its answer is awaited", async () => {
  const { asked, search } = makePage();
  const first = search.look("one");
  assert.equal(await search.look("one"), false);
  assert.equal(asked.length, 1);
  await asked[0].answer("", SCORES);
  assert.equal(await first, true);
});

test("what is selected while one waits stays selected", async () => {
  const { store, asked, search } = makePage();
  const looked = search.look("one");
  const mask = Uint8Array.of(0, 1, 0, 0, 0, 0);
  store.set({ mask, selected: 1 });
  await asked[0].answer("", SCORES);
  assert.equal(await looked, false);
  assert.equal(store.get("mask"), mask);
  assert.equal(store.get("searched")?.words, "one");
});

test("what cannot be is said, and what was found before stays", async () => {
  const { store, asked, search } = makePage();
  const first = search.look("one");
  await asked[0].answer("", SCORES);
  await first;
  const second = search.look("two");
  await asked[1].answer("the service is closed today");
  assert.equal(await second, false);
  assert.equal(store.get("message"), "The service is closed today");
  assert.equal(store.get("searched")?.words, "one");
  const third = search.look("three");
  asked[2].fail();
  assert.equal(await third, false);
  assert.equal(store.get("message"), "The kernel cannot be reached");
  assert.equal(store.get("pending"), "");
  const file = makePage(makeData(false));
  const fourth = file.search.look("a hare");
  assert.equal(file.store.get("message"), "");
  await file.asked[0].answer("words need the notebook");
  await fourth;
  assert.equal(file.store.get("message"), "Nothing holds 'a hare'; words need the notebook");
});

test("what another view looked for is shown without a word and without a payment", async () => {
  const { store, asked, search } = makePage();
  const mask = Uint8Array.of(0, 1, 0, 0, 0, 0);
  store.set({ mask, selected: 1 });
  const again = search.look("one", { again: true });
  assert.equal(asked[0].question.again, true);
  await asked[0].answer("", SCORES);
  await again;
  assert.equal(store.get("searched")?.words, "one");
  assert.deepEqual([store.get("mask"), store.get("message")], [mask, ""]);
});

test("searches are undone and done again, with the colours they had", async () => {
  const { data, store, history, asked, search } = makePage();
  for (const words of ["one", "two"]) {
    const looked = search.look(words);
    await asked[asked.length - 1].answer("", SCORES);
    await looked;
  }
  const state = () => [store.get("searched")?.words, store.get("colorBy"), data.columns.length];
  assert.deepEqual(state(), ["two", "search: two", 2]);
  history.undo();
  assert.deepEqual(state(), ["one", "search: one", 2]);
  history.undo();
  assert.deepEqual(state(), [undefined, "cluster", 1]);
  assert.equal(history.has(-1), false);
  history.redo();
  assert.deepEqual(state(), ["one", "search: one", 2]);
});

test("what speaks of scores that are gone goes with them; other colours stay", async () => {
  const { store, asked, search } = makePage();
  const looked = search.look("one");
  await asked[0].answer("", SCORES);
  await looked;
  const filter = { range: null, closed: false, groups: [0] };
  const filters = { "search: one": filter, cluster: filter };
  store.set({ filters, hidden: { "search: one": [0], cluster: [1] }, colorBy: "cluster" });
  const worn = wearSearch(store, null);
  assert.deepEqual(worn.hidden, { cluster: [1] });
  assert.deepEqual(worn.filters, {});
  assert.equal(worn.colorBy, "cluster");
  assert.equal(Object.keys(worn)[0], "searched");
});
