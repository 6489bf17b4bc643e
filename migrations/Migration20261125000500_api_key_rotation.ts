import { Migration } from '@mikro-orm/migrations';

/** A tenant's request may write a key's new secret (never read one): a key is rotated without losing its name. */
export class Migration20261125000500_api_key_rotation extends Migration {
  override name = 'Migration20261125000500_api_key_rotation';

  override up(): void {
    this.addSql('grant update (prefix, secret_hash) on api_key to callfabric_api;');
  }

  override down(): void {
    this.addSql('revoke update (prefix, secret_hash) on api_key from callfabric_api;');
  }
}
