package dev.tally.schemas.catalogue;

import dev.tally.schemas.Grant;

/** What a grant must be. */
final class GrantRules {

    private GrantRules() {}

    static void check(Grant grant, Issues issues) {
        issues.subject("subject", grant.getSubject());
        issues.id("grantId", grant.getGrantId());
        issues.id("meter", grant.getMeter());
        issues.amount("amount", grant.getAmount(), 1);
        issues.instant("effectiveAt", grant.getEffectiveAt());
        issues.optionalInstant("expiresAt", grant.getExpiresAt());
        if (grant.getExpiresAt() != null && !grant.getExpiresAt().isAfter(grant.getEffectiveAt())) {
            issues.add("expiresAt", "must be after effectiveAt");
        }
    }
}
