/**
 * Small changes of a source file, of which each should make some test fail: what a condition asks for, the last of a range,
 * an operand, a call, a fallback.
 *
 * @module
 */

import ts from "typescript";

/** One changed place of a source file. */
export interface Mutant {
  /** Where the change begins, counted from 1. */
  readonly line: number;
  /** Offsets into the text: what lies between them is replaced. */
  readonly start: number;
  readonly end: number;
  /** What stands there instead. */
  readonly text: string;
}

/** What stands instead of a node; of a token, what the node itself has. */
type Change = readonly [place: ts.Node, text: string];

/** The bound moved by one, or the opposite. */
const OPERATORS: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.LessThanToken, "<="],
  [ts.SyntaxKind.LessThanEqualsToken, "<"],
  [ts.SyntaxKind.GreaterThanToken, ">="],
  [ts.SyntaxKind.GreaterThanEqualsToken, ">"],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, "!=="],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, "==="],
  [ts.SyntaxKind.PlusToken, "-"],
  [ts.SyntaxKind.MinusToken, "+"],
  [ts.SyntaxKind.AsteriskToken, "/"],
  [ts.SyntaxKind.SlashToken, "*"],
  [ts.SyntaxKind.PlusEqualsToken, "-="],
  [ts.SyntaxKind.MinusEqualsToken, "+="],
  [ts.SyntaxKind.QuestionQuestionEqualsToken, "="],
]);

/** Operators of which either side may be enough. */
const EITHER_SIDE: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
]);

/** Functions and their opposites. */
const OPPOSITES: ReadonlyMap<string, string> = new Map([
  ["min", "max"],
  ["max", "min"],
  ["some", "every"],
  ["every", "some"],
]);

/** The mutants of a file, in the order of their places. Each can be parsed; whether its types agree is not asked. */
export function mutantsOf(source: string): Mutant[] {
  const file = parse(source);
  const found: Mutant[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || isForPeople(node)) return;
    for (const [place, text] of changesOf(node)) {
      const start = place.getStart(file);
      const line = file.getLineAndCharacterOfPosition(start).line + 1;
      found.push({ line, start, end: place.end, text });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found.filter((mutant) => isParsed(mutated(source, mutant)))
    .sort((one, other) => one.start - other.start);
}

/** The whole text with the change made. */
export function mutated(source: string, { start, end, text }: Mutant): string {
  return source.slice(0, start) + text + source.slice(end);
}

function parse(source: string): ts.SourceFile {
  return ts.createSourceFile("mutant.ts", source, ts.ScriptTarget.Latest, true);
}

function isParsed(source: string): boolean {
  const { diagnostics = [] } = ts.transpileModule(source, { reportDiagnostics: true });
  return diagnostics.length === 0;
}

/** What is logged is for people, and may say what it will. */
function isForPeople(node: ts.Node): boolean {
  return ts.isExpressionStatement(node) && /^[\w.#]*logger\??\.\w+\(/.test(node.getText());
}

function changesOf(node: ts.Node): Change[] {
  if (ts.isBinaryExpression(node)) return changesOfBinary(node);
  if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
    return changesOfUnary(node);
  }
  if (ts.isIfStatement(node)) return decided(node.expression);
  if (ts.isWhileStatement(node)) return [[node.expression, "false"]];
  if (ts.isForStatement(node) && node.condition) return [[node.condition, "false"]];
  if (ts.isConditionalExpression(node)) return decided(node.condition);
  if (ts.isNumericLiteral(node)) return [[node, `${Number(node.text) + 1}`]];
  if (node.kind === ts.SyntaxKind.TrueKeyword) return [[node, "false"]];
  if (node.kind === ts.SyntaxKind.FalseKeyword) return [[node, "true"]];
  if (node.kind === ts.SyntaxKind.QuestionDotToken) return changesOfChain(node);
  if (ts.isArrayLiteralExpression(node)) return changesOfArray(node);
  if (ts.isPropertyAccessExpression(node)) {
    const opposite = ts.isCallExpression(node.parent) && OPPOSITES.get(node.name.text);
    return opposite ? [[node.name, opposite]] : [];
  }
  return ts.isStatement(node) ? changesOfStatement(node) : [];
}

function decided(condition: ts.Expression): Change[] {
  return [[condition, "true"], [condition, "false"]];
}

function changesOfBinary(node: ts.BinaryExpression): Change[] {
  const { left, operatorToken, right } = node;
  if (EITHER_SIDE.has(operatorToken.kind)) {
    return [[node, `(${left.getText()})`], [node, `(${right.getText()})`]];
  }
  const operator = OPERATORS.get(operatorToken.kind);
  if (operator === undefined || isText(left) || isText(right)) return [];
  const isEquality = operator === "===" || operator === "!==";
  return isEquality && isDecided(node) ? [] : [[operatorToken, operator]];
}

function isText(node: ts.Expression): boolean {
  return ts.isStringLiteral(node) || ts.isTemplateLiteral(node);
}

function changesOfUnary(node: ts.PrefixUnaryExpression | ts.PostfixUnaryExpression): Change[] {
  const { operand, operator } = node;
  const text = operand.getText();
  if (operator === ts.SyntaxKind.PlusPlusToken) return [[node, `${text}--`]];
  if (operator === ts.SyntaxKind.MinusMinusToken) return [[node, `${text}++`]];
  if (operator === ts.SyntaxKind.MinusToken) return [[node, `(${text})`]];
  return operator === ts.SyntaxKind.ExclamationToken && !isDecided(node) ? [[node, text]] : [];
}

/** Whether it is the condition of a branch, or one side of it, so that it becomes true or false as a whole elsewhere. */
function isDecided(node: ts.Expression): boolean {
  const { parent } = node;
  if (ts.isPrefixUnaryExpression(parent) || ts.isParenthesizedExpression(parent)) {
    return isDecided(parent);
  }
  if (ts.isBinaryExpression(parent)) return EITHER_SIDE.has(parent.operatorToken.kind);
  if (ts.isConditionalExpression(parent)) return parent.condition === node;
  return ts.isIfStatement(parent) || ts.isWhileStatement(parent);
}

/** What may be undefined is asked all the same. */
function changesOfChain(token: ts.Node): Change[] {
  return [[token, ts.isPropertyAccessExpression(token.parent) ? "." : ""]];
}

function changesOfArray({ elements }: ts.ArrayLiteralExpression): Change[] {
  if (elements.length === 1) return [[elements[0], ""]];
  return elements.map((element) => [element, "...[]"]);
}

/** Without the statement; what it waited for it waits for still, so that nothing else comes earlier. */
function changesOfStatement(node: ts.Statement): Change[] {
  // A branch that is nothing else goes with its condition.
  if (ts.isIfStatement(node.parent) && node.parent.elseStatement === undefined) return [];
  if (ts.isExpressionStatement(node)) {
    const { expression } = node;
    if (ts.isAwaitExpression(expression)) return [[expression.expression, "undefined"]];
    const isSuper = ts.isCallExpression(expression) &&
      expression.expression.kind === ts.SyntaxKind.SuperKeyword;
    return isSuper ? [] : [[node, ";"]];
  }
  if (ts.isReturnStatement(node) && node.expression) return changesOfReturn(node.expression);
  const isLeft = ts.isBreakOrContinueStatement(node) || ts.isReturnStatement(node) ||
    ts.isThrowStatement(node);
  return isLeft ? [[node, ";"]] : [];
}

function changesOfReturn(expression: ts.Expression): Change[] {
  if (ts.isAwaitExpression(expression)) return [[expression.expression, "undefined"]];
  return ts.isCallExpression(expression) ? [[expression, "undefined"]] : [];
}
