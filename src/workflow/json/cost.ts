/** The memory that a text's values would take once they are parsed: thirty million characters may be ten million objects, of 700 MB. */
import { closingQuote, COLON, COMMA, LEFT_BRACE, LEFT_BRACKET, QUOTE } from "./characters.ts";

/** The approximate bytes of an object with its first members, of a list, of a place in either, and of a string beside its characters. */
const OBJECT = 64;
const LIST = 40;
const PLACE = 8;
const STRING = 40;

/** The approximate bytes of a text's values; objects of one kind share their keys. For a text that is not JSON, any number. */
export function costOfValues(text: string): number {
  let cost = 0;
  let stringCost = 0;
  for (let position = 0; position < text.length; position++) {
    switch (text.charCodeAt(position)) {
      case QUOTE: {
        const opening = position;
        position = closingQuote(text, opening);
        stringCost = STRING + position - opening;
        cost += stringCost;
        break;
      }
      case COLON:
        // The string was a key.
        cost += PLACE - stringCost;
        break;
      case COMMA:
        cost += PLACE;
        break;
      case LEFT_BRACE:
        cost += OBJECT;
        break;
      case LEFT_BRACKET:
        cost += LIST;
        break;
    }
  }
  return cost;
}
