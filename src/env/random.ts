/** Chance, as a seam. */
export interface Random {
  /** A number from 0 (included) to 1 (not included). */
  next(): number;
}

export const systemRandom: Random = { next: () => Math.random() };
