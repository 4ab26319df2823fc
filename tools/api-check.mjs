// npm run api:check: the public surface of each package, as its built declarations say it, against the
// committed report in docs/api-reports. With --update the reports are written instead.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { publicPackages, root } from './packages.mjs';

const ts = createRequire(import.meta.url)('typescript');
const update = process.argv.includes('--update');
const reports = join(root, 'docs/api-reports');
mkdirSync(reports, { recursive: true });
const printer = ts.createPrinter({ removeComments: true });
let changed = 0;
const entries = publicPackages().map(({ folder, manifest }) => ({
  name: manifest.name,
  entry: join(folder, 'dist/index.d.ts'),
}));
const unbuilt = entries.filter(({ entry }) => !existsSync(entry));
if (unbuilt.length > 0) {
  console.error(
    `api:check: not built: ${unbuilt.map(({ name }) => name).join(', ')}. Run npm run build first.`,
  );
  process.exit(1);
}
const options = {
  moduleResolution: ts.ModuleResolutionKind.Node16,
  module: ts.ModuleKind.Node20 ?? ts.ModuleKind.Node16,
  skipLibCheck: true,
  types: [],
};
const program = ts.createProgram(
  entries.map(({ entry }) => entry),
  options,
);
const checker = program.getTypeChecker();
for (const { name, entry } of entries) {
  const report = reportOf(name, entry);
  const file = join(reports, `${name.replace('@tersor/', '')}.api.txt`);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (before === report) continue;
  changed++;
  if (update) writeFileSync(file, report);
  else console.error(`api:check: the public surface of ${name} is not what its report says.`);
}
if (changed > 0 && !update)
  console.error('api:check: if that is wanted, run npm run api:check -- --update and commit the reports.');
else
  console.log(
    `api:check: ${entries.length} packages${update ? `, ${changed} reports written` : ' as reported'}`,
  );
process.exitCode = changed > 0 && !update ? 1 : 0;

/** Every export of a package with its declarations, private members and comments left out. */
function reportOf(name, entry) {
  const source = program.getSourceFile(entry);
  const symbol = checker.getSymbolAtLocation(source);
  const exported = symbol ? checker.getExportsOfModule(symbol) : [];
  const texts = exported
    .map((each) => [each.name, each.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(each) : each])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([label, target]) => `// ${label}\n${(target.declarations ?? []).map(declarationText).join('\n')}\n`,
    );
  return `Public surface of ${name}. Written by npm run api:check -- --update.\n\n${texts.join('\n')}`;
}

function declarationText(node) {
  const statement = ts.isVariableDeclaration(node) ? node.parent.parent : node;
  const isPrivate = (member) =>
    ts.canHaveModifiers(member) &&
    (ts.getModifiers(member) ?? []).some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);
  const visible = ts.isClassDeclaration(statement)
    ? ts.factory.updateClassDeclaration(
        statement,
        statement.modifiers,
        statement.name,
        statement.typeParameters,
        statement.heritageClauses,
        statement.members.filter((member) => !isPrivate(member)),
      )
    : statement;
  const [sorted] = ts.transform(visible, [sortUnordered(node.getSourceFile())]).transformed;
  return printer
    .printNode(ts.EmitHint.Unspecified, sorted, node.getSourceFile())
    .replace(/^export (declare )?/, '');
}

/**
 * The compiler writes unions, and object types that it made up, in the order in which it first met their
 * members: another one after each partial build.
 */
function sortUnordered(source) {
  const text = (node) => printer.printNode(ts.EmitHint.Unspecified, node, source);
  const byText = (nodes) => [...nodes].sort((a, b) => (text(a) < text(b) ? -1 : 1));
  return (context) => (root) => {
    const visit = (node) => {
      const inner = ts.visitEachChild(node, visit, context);
      if (ts.isUnionTypeNode(inner))
        return ts.factory.updateUnionTypeNode(inner, ts.factory.createNodeArray(byText(inner.types)));
      if (ts.isTypeLiteralNode(inner) && inner.members.every(ts.isPropertySignature))
        return ts.factory.updateTypeLiteralNode(inner, ts.factory.createNodeArray(byText(inner.members)));
      return inner;
    };
    return ts.visitNode(root, visit);
  };
}
