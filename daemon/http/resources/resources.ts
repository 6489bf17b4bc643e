import type { FastifyPluginAsync } from 'fastify';
import { billingAccounts, invoiceLines, invoices, ledgerEntries, payouts } from './billing.ts';
import { buyerEndpoints, buyerGroups, buyers } from './buyers.ts';
import {
  balanceReservations,
  conversions,
  events,
  recordings,
  stirShakenVerifications,
  transcriptions,
} from './call-facts.ts';
import { callerIdNumbers, callerIdPools } from './caller-id-pools.ts';
import { campaignBuyers, campaignNumbers, campaignPublishers, campaigns } from './campaigns.ts';
import { carriers, trunks } from './carriers.ts';
import { consentTokens } from './consent-tokens.ts';
import { conversionRoutes } from './conversions.ts';
import { csvRoutes } from './csv-routes.ts';
import type { Resource } from './define-resource.ts';
import { depositRoutes } from './deposits.ts';
import { dncEntries, dncLists } from './dnc-lists.ts';
import { featureFlags } from './feature-flags.ts';
import { freeSwitchNodes } from './freeswitch-nodes.ts';
import { ImportPlaces } from './import-places.ts';
import { phoneNumbers } from './phone-numbers.ts';
import { publishers } from './publishers.ts';
import { rateCards, rates } from './rate-cards.ts';
import { resourceRoutes } from './resource-routes.ts';
import type { ResourcePorts } from './resource-scope.ts';
import { schedules } from './schedules.ts';
import { tags } from './tags.ts';
import { rotateSecret, webhookDeliveries, webhooks } from './webhooks.ts';

/** Every resource made by description alone. */
const plain: readonly Resource[] = [
  publishers,
  buyerGroups,
  buyers,
  buyerEndpoints,
  campaigns,
  campaignPublishers,
  campaignBuyers,
  campaignNumbers,
  phoneNumbers,
  carriers,
  trunks,
  callerIdPools,
  callerIdNumbers,
  freeSwitchNodes,
  schedules,
  tags,
  rateCards,
  rates,
  billingAccounts,
  ledgerEntries,
  invoices,
  invoiceLines,
  payouts,
  featureFlags,
  dncLists,
  dncEntries,
  consentTokens,
  conversions,
  events,
  balanceReservations,
  recordings,
  transcriptions,
  stirShakenVerifications,
];

/** What people configure: list, read, make, change, remove. */
export function resourcesRoutes(ports: ResourcePorts): FastifyPluginAsync {
  return async (app) => {
    const hooks = webhooks(ports);
    const places = new ImportPlaces();
    for (const resource of [...plain, hooks, webhookDeliveries(hooks)]) {
      await app.register(resourceRoutes(ports, resource));
      if (resource.csv !== undefined) await app.register(csvRoutes(ports, resource, places));
    }
    await app.register(rotateSecret(ports, hooks));
    await app.register(depositRoutes(ports));
    await app.register(conversionRoutes(ports));
  };
}
