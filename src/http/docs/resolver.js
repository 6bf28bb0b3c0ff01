// Swagger UI resolves references by building a model of the whole document, which takes seconds. All references of
// these documents lead into the document itself and none leads back to where it stands, so following them is enough.
function FollowReferences() {
  const follow = (value, root) => {
    if (Array.isArray(value)) return value.map((item) => follow(item, root));
    if (value === null || typeof value !== "object") return value;
    if (typeof value.$ref === "string" && value.$ref.startsWith("#/")) {
      const { $ref, ...beside } = value;
      const target = $ref.slice(2).split("/").reduce((at, key) => at?.[key.replace(/~1/g, "/").replace(/~0/g, "~")], root);
      return { ...follow(target, root), ...beside, $$ref: $ref };
    }
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, follow(member, root)]));
  };
  const resolveSubtree = async (document, path) => ({
    spec: follow(path.reduce((at, key) => at?.[key], document), document),
    errors: [],
  });
  return { fn: { resolveSubtree } };
}
