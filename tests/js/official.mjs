// Calls of the official JavaScript package, as told on standard input; what it reads goes out.
//
//   node official.mjs URL KEY < calls.json > answers.json
//
// A call is {"call": "embed.v2.create", "args": [...]}. An answer is what the package made of the
// service's, or {"refused": status}; a file is told as {"name": "a.txt", "text": "..."}.
import process from "node:process";
import { TwelvelabsApiClient } from "twelvelabs-js";

const [url, apiKey] = process.argv.slice(2);
const client = new TwelvelabsApiClient({ apiKey, environment: url });

const read = async () => {
  let text = "";
  for await (const block of process.stdin) text += block;
  return text;
};

/** @param {any} value */
const filled = (value) =>
  typeof value?.file === "object"
    ? { ...value, file: new File([value.file.text], value.file.name) }
    : value;

/** @param {{ call: string, args: any[] }} told */
const make = async ({ call, args }) => {
  const names = call.split(".");
  const method = String(names.pop());
  const room = names.reduce((/** @type {any} */ one, name) => one[name], client);
  try {
    const answer = await room[method](...args.map(filled));
    return answer?.data?.length === undefined ? (answer ?? null) : { ...answer };
  } catch (/** @type {any} */ error) {
    if (error.statusCode === undefined) throw error;
    return { refused: error.statusCode };
  }
};

const answers = [];
for (const one of JSON.parse(await read())) answers.push(await make(one));
process.stdout.write(
  JSON.stringify(answers, (name, value) => (name === "_response" ? undefined : value)),
);
