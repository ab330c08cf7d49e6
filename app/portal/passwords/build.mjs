// Makes common.bin: the passwords that are tried first, as the first five bytes of each one's SHA-256, sorted. They are those of the package
// @zxcvbn-ts/language-common 4.1.3 (MIT, see LICENSE), which counts them in published collections of stolen passwords.
//
//   npm pack @zxcvbn-ts/language-common@4.1.3 && tar xzf zxcvbn-ts-language-common-4.1.3.tgz
//   node app/portal/passwords/build.mjs package
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const words = JSON.parse(readFileSync(`${process.argv[2]}/src/passwords.json`, "utf8"));
const hashes = [...new Set(words.map((word) => word.normalize("NFKC").toLowerCase()))]
  .map((word) => createHash("sha256").update(word).digest().subarray(0, 5))
  .sort(Buffer.compare);
writeFileSync(`${dirname(fileURLToPath(import.meta.url))}/common.bin`, Buffer.concat(hashes));
