// Reads a JSON array of texts and writes how many tokens of o200k_base each has, as a JSON array.
import { readFileSync } from 'node:fs'
import { encode } from 'gpt-tokenizer/encoding/o200k_base'

console.log(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map((text) => encode(text).length)))
