package dev.tally.schemas.catalogue;

import dev.tally.keys.Ids;
import dev.tally.keys.Subject;
import dev.tally.schemas.Caps;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Subscription;
import java.net.URI;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a subscription, a grant and a membership must be. */
final class SubscriptionRules {

    private SubscriptionRules() {}

    static void check(Subscription subscription, Issues issues) {
        Optional<Subject> subject = issues.subject("subject", subscription.getSubject());
        boolean orgPays = subject.map(one -> one.kind() == Subject.Kind.ORG).orElse(false);
        stripeId("stripeCustomerId", subscription.getStripeCustomerId(), issues);
        stripeId("stripeSeatItemId", subscription.getStripeSeatItemId(), issues);
        if (!subscription.getAnchor().equals(subscription.getAnchor().truncatedTo(ChronoUnit.SECONDS))) {
            issues.add("anchor", "must be a whole second");
        }
        issues.known("status", subscription.getStatus());
        phases(subscription.getPhases(), issues);
        if (subject.isPresent()) {
            LimitRules.check(subscription.getOverrides(), orgPays, "overrides", issues);
            if (!orgPays && subscription.getStripeSeatItemId() != null) {
                issues.add("stripeSeatItemId", "is for organisations; a user has no seats");
            }
            if (!orgPays && subscription.getCaps() != null) {
                issues.add("caps", "are for organisations; a user has no members or spaces");
            }
        }
        if (subscription.getCaps() != null) {
            caps(subscription.getCaps(), issues.in("caps"));
        }
        Integer share = subscription.getPoolLowShare();
        if (share != null && (share < 0 || share > 100)) {
            issues.add("poolLowShare", "is a percentage from 0 to 100, not " + share);
        }
        issues.optionalAmount("overageCap", subscription.getOverageCap());
        addresses(subscription, issues);
    }

    static void check(Grant grant, Issues issues) {
        issues.subject("subject", grant.getSubject());
        issues.id("grantId", grant.getGrantId());
        issues.id("meter", grant.getMeter());
        issues.amount("amount", grant.getAmount(), 1);
        if (grant.getExpiresAt() != null && !grant.getExpiresAt().isAfter(grant.getEffectiveAt())) {
            issues.add("expiresAt", "must be after effectiveAt");
        }
    }

    static void check(Membership membership, Issues issues) {
        issues.id("orgId", membership.getOrgId());
        issues.id("userId", membership.getUserId());
        issues.known("role", membership.getRole());
        issues.known("status", membership.getStatus());
        if (membership.getEmail() != null && !isEmail(membership.getEmail())) {
            issues.add("email", "is not an e-mail address");
        }
        if (membership.getAcceptedAt() != null
                && membership.getRemovedAt() != null
                && membership.getRemovedAt().isBefore(membership.getAcceptedAt())) {
            issues.add("removedAt", "must not be before acceptedAt");
        }
    }

    private static void phases(List<Phase> phases, Issues issues) {
        if (phases.isEmpty()) {
            issues.add("phases", "must have at least one phase");
        }
        for (int i = 0; i < phases.size(); i++) {
            Issues at = issues.item("phases", i);
            at.id("planId", phases.get(i).getPlanId());
            if (phases.get(i).getVersion() < 1) {
                at.add("version", "begins with 1");
            }
            if (i > 0
                    && !phases.get(i)
                            .getEffectiveFrom()
                            .isAfter(phases.get(i - 1).getEffectiveFrom())) {
                at.add("effectiveFrom", "must be after that of the phase before");
            }
        }
    }

    private static void caps(Caps caps, Issues issues) {
        issues.optionalAmount("memberDefault", caps.getMemberDefault());
        issues.optionalAmount("spaceDefault", caps.getSpaceDefault());
        capsById("member", caps.getMember(), issues);
        capsById("space", caps.getSpace(), issues);
    }

    private static void capsById(String field, Map<String, Long> caps, Issues issues) {
        caps.forEach((id, amount) -> {
            Ids.problem(id).ifPresent(problem -> issues.add(field, "has an id that " + problem));
            issues.amount(field + "." + id, amount, 0);
        });
    }

    private static void addresses(Subscription subscription, Issues issues) {
        List<String> emails = subscription.getAlertEmails();
        for (int i = 0; i < emails.size(); i++) {
            if (!isEmail(emails.get(i))) {
                issues.add("alertEmails[" + i + "]", "is not an e-mail address");
            }
        }
        List<String> webhooks = subscription.getWebhooks();
        for (int i = 0; i < webhooks.size(); i++) {
            if (!isHttp(webhooks.get(i))) {
                issues.add("webhooks[" + i + "]", "is not an http:// or https:// address");
            }
        }
    }

    private static void stripeId(String field, @Nullable String id, Issues issues) {
        if (id != null && !id.matches("[!-~]{1,255}")) {
            issues.add(field, "must have 1 to 255 printable ASCII characters without spaces");
        }
    }

    private static boolean isEmail(String text) {
        return text.matches("[^@\\s\\p{Cntrl}]{1,64}@[^@\\s\\p{Cntrl}]{1,190}");
    }

    private static boolean isHttp(String text) {
        try {
            URI uri = URI.create(text);
            return uri.getHost() != null && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
