package shadow

import "time"

// What public sources leave open about AWS IoT's shadows is decided here, one
// constant for each doubt; U and a number is its name wherever it plays a
// role. Further doubts that are not a matter of a constant:
//
//   - U7 rejections have no timestamp. None was seen; the documentation allows one.
//   - U8 is DefaultMaxDepth and Limits.Depth, U9 is DefaultMaxDocument and
//     Limits.Document, U24 is Limits.InFlight.
//   - U15 state.delta in a request is refused like any other member of state.
//     Greengrass drops it.
//   - U19 a get whose content is no JSON is answered. Greengrass does so too.
//   - U20 a version that is null, negative or has a fraction is refused.
//     Greengrass takes 1.9 for 1.
//   - U21 a token that is no string or too long is refused and not echoed.
//     No source.
//   - U22 members that stand twice in an object: the last wins. No source.
//   - U23 numbers keep their literal whatever their size. AWS only says that
//     all rules of JSON hold.
//   - U25 names that are not valid: no answer, for a rejection could not be
//     published on a valid topic either. Greengrass answers 400.
//   - U26 a get by HTTP publishes nothing: the HTTP door drops the replies of
//     Service.Handle. No source.
//   - U27 several faults in a request: UTF-8, JSON, state, its members, kinds of
//     sections, version, client token, depth, nulls in arrays, conflict, size.
//   - U28 the order in which sections are applied cannot be seen.
//   - An escape of a surrogate without partner is kept as it is in states and
//     tokens. No source.
const (
	// deleteSteps is what a delete adds to the version, so that the next
	// document after deleting version n is n+2 (U1: AWS's documentation reads
	// as if it could be n+1; Greengrass's authors and moto say n+2).
	deleteSteps = 1
	// firstVersion is the version of a shadow that never was, or was deleted
	// more than tombstoneLife ago (U1: the developer guide says 0 for the
	// latter; every first document that was seen has 1).
	firstVersion = 1
	// tombstoneLife is how long the version of a deleted shadow is remembered.
	tombstoneLife = 48 * time.Hour
	// numbersByValue makes 1, 1.0 and 10e-1 equal in the delta (U2: Greengrass
	// compares so; AWS was not seen).
	numbersByValue = true
	// emptySectionClears makes "desired":{} remove desired (U3: Greengrass does
	// that; AWS's documentation says that only named members change).
	emptySectionClears = false
	// emptyObjectClears makes {"a":{}} remove an a that has members (U4: as U3).
	emptyObjectClears = false
	// keepEmptied stores {"a":{"b":null}}, where there is no a, as {"a":{}} (U5:
	// Greengrass drops a; AWS keeps empty objects elsewhere).
	keepEmptied = true
	// namedSeparator stands between thing and shadow name in the message of a
	// 404 (U6: seen on AWS's REST; the developer guide has the shadow name
	// alone).
	namedSeparator = "~"
	// stampNulls gives null members a timestamp in the metadata of
	// update/accepted (U10: seen for sections only).
	stampNulls = true
	// previousOfReborn is documents.previous of a shadow that comes back after
	// it was deleted (U11: as Greengrass).
	previousOfReborn = "null"
	// emptyObjectMatches makes a desired {} equal to any reported object; when
	// reported lacks the member it is part of the delta (U12: only the case
	// without reported was seen).
	emptyObjectMatches = true
	// newbornMaxVersion is the greatest version a request may name for a shadow
	// that never was; 0 and 1 pass (U13: Greengrass wants 1). A deleted shadow
	// is always a conflict.
	newbornMaxVersion = 1
	// textInvalidJSON is what unparsable JSON (U14: AWS's REST said "Payload
	// contains invalid json" in 2017) and null in an array (U18: AWS gives no
	// text) are refused with.
	textInvalidJSON = "Invalid JSON"
	// textNoState is also for an empty update (U16: Greengrass has a text of
	// its own) and for JSON that is no object (U17: seen on AWS in 2015).
	textNoState = "Missing required node: state"
	// textThrottled is the message of 429 (U24: AWS publishes none).
	textThrottled = "Too many requests"
)
