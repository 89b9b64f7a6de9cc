package dev.tally.schemas.catalogue;

import dev.tally.keys.Ids;
import dev.tally.keys.Subject;
import dev.tally.schemas.Caps;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Subscription;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a subscription must be. */
final class SubscriptionRules {

    private SubscriptionRules() {}

    static void check(Subscription subscription, Issues issues) {
        Optional<Subject> subject = issues.subject("subject", subscription.getSubject());
        boolean orgPays = subject.map(one -> one.kind() == Subject.Kind.ORG).orElse(false);
        stripeId("stripeCustomerId", subscription.getStripeCustomerId(), issues);
        stripeId("stripeSeatItemId", subscription.getStripeSeatItemId(), issues);
        issues.instant("anchor", subscription.getAnchor());
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
        Addresses.emails(subscription.getAlertEmails(), "alertEmails", issues);
        Addresses.webhooks(subscription.getWebhooks(), "webhooks", issues);
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
            at.instant("effectiveFrom", phases.get(i).getEffectiveFrom());
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

    private static void stripeId(String field, @Nullable String id, Issues issues) {
        if (id != null && !id.matches("[!-~]{1,255}")) {
            issues.add(field, "must have 1 to 255 printable ASCII characters without spaces");
        }
    }
}
