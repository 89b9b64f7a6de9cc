package dev.tally.schemas.catalogue;

import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;

/**
 * What a membership must be. An ACCEPTED one may do without acceptedAt, and a REMOVED one without removedAt: the seat then begins and ends
 * when the record takes effect.
 */
final class MembershipRules {

    private MembershipRules() {}

    static void check(Membership membership, Issues issues) {
        issues.id("orgId", membership.getOrgId());
        issues.id("userId", membership.getUserId());
        issues.known("role", membership.getRole());
        if (membership.getEmail() != null && !Addresses.isEmail(membership.getEmail())) {
            issues.add("email", "is not an e-mail address");
        }
        issues.optionalInstant("acceptedAt", membership.getAcceptedAt());
        issues.optionalInstant("removedAt", membership.getRemovedAt());
        if (issues.known("status", membership.getStatus())) {
            times(membership, issues);
        }
    }

    private static void times(Membership membership, Issues issues) {
        if (membership.getAcceptedAt() != null && membership.getStatus() == MembershipStatus.INVITED) {
            issues.add("acceptedAt", "is for members that have accepted; status is INVITED");
        }
        if (membership.getRemovedAt() != null && membership.getStatus() != MembershipStatus.REMOVED) {
            issues.add("removedAt", "is for members that were removed; status is " + membership.getStatus());
        } else if (membership.getAcceptedAt() != null
                && membership.getRemovedAt() != null
                && membership.getRemovedAt().isBefore(membership.getAcceptedAt())) {
            issues.add("removedAt", "must not be before acceptedAt");
        }
    }
}
