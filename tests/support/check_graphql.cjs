// check_graphql.cjs FOLDER: reads [{query, variables}, …] from stdin, and writes what GitHub's schema says against them
// to stdout, as a JSON list of texts. FOLDER holds the schema and the package graphql.
'use strict';

const fs = require('fs');
const path = require('path');

const folder = path.resolve(process.argv[2]);
const { buildSchema, getVariableValues, parse, validate } = require(path.join(folder, 'graphql'));
// The published schema is right in itself, so that checking it again would only take time.
const schema = buildSchema(fs.readFileSync(path.join(folder, 'schema', 'schema.graphql'), 'utf8'), {
  assumeValidSDL: true,
  assumeValid: true,
});

function complaints({ query, variables }) {
  let document;
  try {
    document = parse(query);
  } catch (error) {
    return [error.message];
  }
  const errors = [...validate(schema, document)];
  for (const operation of document.definitions.filter((part) => part.kind === 'OperationDefinition')) {
    const declared = operation.variableDefinitions ?? [];
    const names = declared.map((definition) => definition.variable.name.value);
    errors.push(...(getVariableValues(schema, declared, variables ?? {}).errors ?? []));
    for (const name of Object.keys(variables ?? {}))
      if (!names.includes(name)) errors.push({ message: `Variable "$${name}" is given but not declared.` });
  }
  return errors.map((error) => `${error.message} In: ${query}`);
}

process.stdout.write(JSON.stringify(JSON.parse(fs.readFileSync(0, 'utf8')).flatMap(complaints)));
