/**
 * FreeSWITCH's hangup causes with their Q.850 code and the SIP status FreeSWITCH sends for them.
 * Source: src/include/switch_types.h (switch_call_cause_t), mod_sofia.c (hangup_cause_to_sip).
 */
export const hangupCauses = {
  NONE: { q850: 0, sip: 480 },
  UNALLOCATED_NUMBER: { q850: 1, sip: 404 },
  NO_ROUTE_TRANSIT_NET: { q850: 2, sip: 404 },
  NO_ROUTE_DESTINATION: { q850: 3, sip: 404 },
  CHANNEL_UNACCEPTABLE: { q850: 6, sip: 480 },
  CALL_AWARDED_DELIVERED: { q850: 7, sip: 480 },
  NORMAL_CLEARING: { q850: 16, sip: 480 },
  USER_BUSY: { q850: 17, sip: 486 },
  NO_USER_RESPONSE: { q850: 18, sip: 408 },
  NO_ANSWER: { q850: 19, sip: 480 },
  SUBSCRIBER_ABSENT: { q850: 20, sip: 480 },
  CALL_REJECTED: { q850: 21, sip: 603 },
  NUMBER_CHANGED: { q850: 22, sip: 410 },
  REDIRECTION_TO_NEW_DESTINATION: { q850: 23, sip: 410 },
  EXCHANGE_ROUTING_ERROR: { q850: 25, sip: 483 },
  DESTINATION_OUT_OF_ORDER: { q850: 27, sip: 502 },
  INVALID_NUMBER_FORMAT: { q850: 28, sip: 484 },
  FACILITY_REJECTED: { q850: 29, sip: 501 },
  RESPONSE_TO_STATUS_ENQUIRY: { q850: 30, sip: 480 },
  NORMAL_UNSPECIFIED: { q850: 31, sip: 480 },
  NORMAL_CIRCUIT_CONGESTION: { q850: 34, sip: 503 },
  NETWORK_OUT_OF_ORDER: { q850: 38, sip: 503 },
  NORMAL_TEMPORARY_FAILURE: { q850: 41, sip: 503 },
  SWITCH_CONGESTION: { q850: 42, sip: 503 },
  ACCESS_INFO_DISCARDED: { q850: 43, sip: 480 },
  REQUESTED_CHAN_UNAVAIL: { q850: 44, sip: 503 },
  PRE_EMPTED: { q850: 45, sip: 480 },
  FACILITY_NOT_SUBSCRIBED: { q850: 50, sip: 480 },
  OUTGOING_CALL_BARRED: { q850: 52, sip: 403 },
  INCOMING_CALL_BARRED: { q850: 54, sip: 403 },
  BEARERCAPABILITY_NOTAUTH: { q850: 57, sip: 403 },
  BEARERCAPABILITY_NOTAVAIL: { q850: 58, sip: 503 },
  SERVICE_UNAVAILABLE: { q850: 63, sip: 480 },
  BEARERCAPABILITY_NOTIMPL: { q850: 65, sip: 488 },
  CHAN_NOT_IMPLEMENTED: { q850: 66, sip: 480 },
  FACILITY_NOT_IMPLEMENTED: { q850: 69, sip: 501 },
  SERVICE_NOT_IMPLEMENTED: { q850: 79, sip: 501 },
  INVALID_CALL_REFERENCE: { q850: 81, sip: 480 },
  INCOMPATIBLE_DESTINATION: { q850: 88, sip: 488 },
  INVALID_MSG_UNSPECIFIED: { q850: 95, sip: 480 },
  MANDATORY_IE_MISSING: { q850: 96, sip: 480 },
  MESSAGE_TYPE_NONEXIST: { q850: 97, sip: 480 },
  WRONG_MESSAGE: { q850: 98, sip: 480 },
  IE_NONEXIST: { q850: 99, sip: 480 },
  INVALID_IE_CONTENTS: { q850: 100, sip: 480 },
  WRONG_CALL_STATE: { q850: 101, sip: 480 },
  RECOVERY_ON_TIMER_EXPIRE: { q850: 102, sip: 504 },
  MANDATORY_IE_LENGTH_ERROR: { q850: 103, sip: 480 },
  PROTOCOL_ERROR: { q850: 111, sip: 480 },
  INTERWORKING: { q850: 127, sip: 480 },
  SUCCESS: { q850: 142, sip: 480 },
  ORIGINATOR_CANCEL: { q850: 16, sip: 487 },
  CRASH: { q850: 41, sip: 503 },
  SYSTEM_SHUTDOWN: { q850: 41, sip: 503 },
  LOSE_RACE: { q850: 16, sip: 480 },
  MANAGER_REQUEST: { q850: 16, sip: 480 },
  BLIND_TRANSFER: { q850: 16, sip: 480 },
  ATTENDED_TRANSFER: { q850: 16, sip: 480 },
  ALLOTTED_TIMEOUT: { q850: 16, sip: 480 },
  USER_CHALLENGE: { q850: 16, sip: 480 },
  MEDIA_TIMEOUT: { q850: 16, sip: 480 },
  PICKED_OFF: { q850: 16, sip: 480 },
  USER_NOT_REGISTERED: { q850: 20, sip: 480 },
  PROGRESS_TIMEOUT: { q850: 19, sip: 480 },
  INVALID_GATEWAY: { q850: 3, sip: 404 },
  GATEWAY_DOWN: { q850: 38, sip: 503 },
  INVALID_URL: { q850: 28, sip: 404 },
  INVALID_PROFILE: { q850: 3, sip: 404 },
  NO_PICKUP: { q850: 16, sip: 480 },
  SRTP_READ_ERROR: { q850: 16, sip: 480 },
  BOWOUT: { q850: 16, sip: 480 },
  BUSY_EVERYWHERE: { q850: 17, sip: 600 },
  DECLINE: { q850: 21, sip: 603 },
  DOES_NOT_EXIST_ANYWHERE: { q850: 1, sip: 604 },
  NOT_ACCEPTABLE: { q850: 21, sip: 606 },
  UNWANTED: { q850: 21, sip: 607 },
  NO_IDENTITY: { q850: 21, sip: 428 },
  BAD_IDENTITY_INFO: { q850: 21, sip: 429 },
  UNSUPPORTED_CERTIFICATE: { q850: 21, sip: 437 },
  INVALID_IDENTITY: { q850: 21, sip: 438 },
  STALE_DATE: { q850: 21, sip: 403 },
  REJECT_ALL: { q850: 21, sip: 603 },
} as const satisfies Record<string, { readonly q850: number; readonly sip: number }>;

/** Why a leg ended or could not begin, in FreeSWITCH's spelling. */
export type HangupCause = keyof typeof hangupCauses;

export function isHangupCause(text: string): text is HangupCause {
  return Object.hasOwn(hangupCauses, text);
}

/** The cause FreeSWITCH named, or NORMAL_UNSPECIFIED for a name this table has not heard of. */
export function toHangupCause(text: string | undefined): HangupCause {
  return text !== undefined && isHangupCause(text) ? text : 'NORMAL_UNSPECIFIED';
}

/** ITU-T Q.850 code of a cause; 16 is normal clearing. */
export function q850Of(cause: HangupCause): number {
  return hangupCauses[cause].q850;
}
