import SerializerSelector from '@fastify/fast-json-stringify-compiler';

const eager = SerializerSelector();

/**
 * Fastify's serializers, each made when its answer is first given: those of all routes at once are half a second of the
 * start and 20 MB, most of them for what is never asked.
 */
export const buildSerializer: SerializerSelector.SerializerFactory = (external, options) => {
  const compile = eager(external, options);
  return (route) => {
    let serialize: SerializerSelector.Serializer | undefined;
    return (answer: unknown) => {
      serialize ??= compile(route);
      return serialize(answer);
    };
  };
};
