/** The papers: their links lead somewhere, the files that they name are there, and every decision is in the index. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dir, "..");
const papers = ["README.md", "CONTRIBUTING.md", ...new Bun.Glob("docs/**/*.md").scanSync({ cwd: root })].sort();

/** Decisions tell of their time: of files too that have since moved. */
const current = papers.filter((paper) => !/^docs\/decisions\/\d/.test(paper));

const textOf = (paper: string): string => readFileSync(join(root, paper), "utf8");

/** As GitHub makes them of headings. */
function anchorsOf(text: string): readonly string[] {
  const headings = [...text.replace(/```.*?```/gs, "").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- ]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("there are papers", () => expect(papers.length).toBeGreaterThan(30));

describe.each(papers)("%s", (paper) => {
  test("has no link that leads nowhere", () => {
    const links = [...textOf(paper).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)];
    const broken = links.filter(([, path = "", anchor]) => {
      const target = path === "" ? join(root, paper) : join(root, dirname(paper), path);
      return !existsSync(target) || (anchor !== undefined && !anchorsOf(readFileSync(target, "utf8")).includes(anchor));
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});

describe.each(current)("%s", (paper) => {
  test("names no file that is not there", () => {
    const named = [...textOf(paper).matchAll(/`((?:src|test|scripts|bench|examples|docs)\/[\w./-]+)`/g)].map(([, path = ""]) => path);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test("names no npm script that is not there", () => {
    const { scripts } = JSON.parse(textOf("package.json")) as { readonly scripts: Readonly<Record<string, string>> };
    const named = [...textOf(paper).matchAll(/npm (?:run )?((?<=run )[\w:]+|test\b)/g)].map(([, name = ""]) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

test("every decision is in the index, under its own number", () => {
  const records = readdirSync(join(root, "docs/decisions")).filter((name) => /^\d/.test(name));
  const listed = [...textOf("docs/decisions/README.md").matchAll(/^\| \[(\d+)\]\((.+?)\)/gm)].map(([, number = "", name = ""]) => [
    number,
    name,
  ]);
  expect(listed).toEqual(records.sort().map((name) => [String(Number.parseInt(name, 10)), name]));
});
