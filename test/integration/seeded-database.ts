import { createTestDatabase, type TestDatabase } from '../../ops/dev-services/test-database.ts';
import { knownMigrations, migrate } from '../../orm/migrate.ts';
import { seed } from '../../orm/seed.ts';

/** A database of one's own with the schema and the development seed. */
export function seededDatabase(): Promise<TestDatabase> {
  return createTestDatabase({
    template: {
      name: `seeded_${knownMigrations().at(-1) ?? ''}`.toLowerCase(),
      async prepare(url) {
        await migrate(url);
        await seed(url, { production: false });
      },
    },
  });
}
