// Compares what a server answers with the types that a library declares for it. Texts,
// numbers, lists and fields that may not be absent must be as declared.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

// shapes reads the exported types of declaration files below node_modules. Deviations
// that one of the known ones matches are those of the declarations themselves.
export function shapes(files, known = []) {
  const here = dirname(fileURLToPath(import.meta.url));
  const paths = files.map((f) => join(here, "node_modules", f));
  const program = ts.createProgram(paths, {
    strict: true, noEmit: true, skipLibCheck: true, types: [], lib: ["lib.es2022.d.ts"],
    module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ES2022,
  });
  const checker = program.getTypeChecker();
  const exported = new Map();
  for (const path of paths) {
    const source = program.getSourceFile(path);
    for (const symbol of checker.getExportsOfModule(checker.getSymbolAtLocation(source))) {
      const name = exported.has(symbol.name) ? `v2.${symbol.name}` : symbol.name;
      exported.set(name, checker.getDeclaredTypeOfSymbol(symbol));
    }
  }

  const compare = (value, type, path) => faults(value, type, path).filter((f) => !known.some((k) => k.test(f)));

  function faults(value, type, path) {
    if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return [];
    if (type.isUnion()) { // the kind that it comes closest to
      return type.types.map((t) => compare(value, t, path)).sort((a, b) => a.length - b.length || depth(b) - depth(a))[0];
    }
    const wrong = [`${path} is ${JSON.stringify(value)?.slice(0, 80)}, not ${checker.typeToString(type)}`];
    if (type.isStringLiteral() || type.isNumberLiteral()) return value === type.value ? [] : wrong;
    if (type.flags & ts.TypeFlags.BooleanLiteral) return String(value) === checker.typeToString(type) ? [] : wrong;
    if (type.flags & ts.TypeFlags.Null) return value === null ? [] : wrong;
    if (type.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)) return value === undefined ? [] : wrong;
    if (type.flags & ts.TypeFlags.StringLike) return typeof value === "string" ? [] : wrong;
    if (type.flags & ts.TypeFlags.NumberLike) return typeof value === "number" ? [] : wrong;
    if (type.flags & ts.TypeFlags.BooleanLike) return typeof value === "boolean" ? [] : wrong;
    if (checker.isArrayType(type)) {
      if (!Array.isArray(value)) return wrong;
      const of = checker.getTypeArguments(type)[0];
      return value.flatMap((v) => compare(v, of, `${path}[]`));
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong;
    return checker.getPropertiesOfType(type).flatMap((property) => {
      const inner = `${path}.${property.name}`;
      if (!(property.name in value)) return property.flags & ts.SymbolFlags.Optional ? [] : [`${inner} is absent`];
      return compare(value[property.name], checker.getTypeOfSymbol(property), inner);
    });
  }

  // A kind whose fields are compared at all comes closer than one that is no object.
  const depth = (found) => (found[0] ?? "").split(" ")[0].length;

  const seen = new Set();
  // deviations returns what is not as declared, each thing once in a day.
  return function deviations(name, value) {
    const list = name.endsWith("[]");
    const type = exported.get(list ? name.slice(0, -2) : name);
    if (!type) throw new Error(`there is no type ${name}`);
    const found = list && !Array.isArray(value) ? [`${name} is ${JSON.stringify(value)}`] : (list ? value : [value]).flatMap((v) => compare(v, type, list ? name.slice(0, -2) : name));
    return found.filter((f) => !seen.has(f.replace(/ is .*/, "")) && seen.add(f.replace(/ is .*/, "")));
  };
}
