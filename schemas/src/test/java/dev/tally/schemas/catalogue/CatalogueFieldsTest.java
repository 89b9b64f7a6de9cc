package dev.tally.schemas.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Rate;
import dev.tally.schemas.Report;
import dev.tally.schemas.Role;
import dev.tally.schemas.Rounding;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.apache.avro.Schema;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

/** Every field of the catalogue's records can be given in a file. */
final class CatalogueFieldsTest {

    @Test
    void shouldReadEveryField() throws CatalogueException {
        Catalogue examples = CatalogueFile.parse(DemoCatalogue.examples(), "examples", DemoCatalogue.catalogue());

        Set<String> unseen = new TreeSet<>();
        List.of(
                        Meter.getClassSchema(),
                        Plan.getClassSchema(),
                        Subscription.getClassSchema(),
                        Grant.getClassSchema(),
                        Membership.getClassSchema())
                .forEach(schema -> fieldsOf(schema, unseen));
        assertThat(unseen).hasSizeGreaterThan(60).contains("Caps.member", "Rate.per1000", "MeterFilter.trigger");
        records(examples).forEach(record -> see(record, unseen));
        assertThat(unseen)
                .as("fields that the examples do not show with another value than the default")
                .isEmpty();
    }

    @Test
    void shouldReadTheirValues() throws CatalogueException {
        Catalogue examples = CatalogueFile.parse(DemoCatalogue.examples(), "examples", DemoCatalogue.catalogue());

        Meter rated = examples.meters().getFirst();
        assertThat(rated.getWhere().getActionType()).isEqualTo("model.call");
        assertThat(rated.getWhere().getModel()).isNull();
        assertThat(rated.getWhere().getTrigger()).isEqualTo("AGENT_DECISION");
        assertThat(rated.getRates())
                .containsExactly(new Rate("model-large", null, "output_tokens", 15L), new Rate("*", 1L, null, null));
        Plan scale = examples.plans().getFirst();
        assertThat(scale.getLimits().get(0).getWarnAt()).containsExactly(80);
        assertThat(scale.getLimits().get(1).getWarnAt()).containsExactly(50, 90);
        assertThat(scale.getAllocations().getFirst().getPerSeat()).isEqualTo(1_500);
        assertThat(scale.getPrices().getOverage().getFirst().getRounding()).isEqualTo(Rounding.BLOCK_UP);
        assertThat(scale.getReport()).isEqualTo(Report.OVERAGE);
        Subscription org = examples.subscriptions().getFirst();
        assertThat(org.getStatus()).isEqualTo(SubscriptionStatus.PAST_DUE);
        assertThat(org.getStripeSeatItemId()).isEqualTo("si_example");
        assertThat(org.getPhases().get(1).getEffectiveFrom()).isEqualTo(Instant.parse("2026-09-01T00:00:00Z"));
        assertThat(org.getOverrides().getFirst().getAmount()).isEqualTo(800);
        assertThat(org.getCaps().getMemberDefault()).isEqualTo(4_000);
        assertThat(org.getCaps().getSpaceDefault()).isEqualTo(10_000);
        assertThat(org.getCaps().getMember()).isEqualTo(Map.of("u-42", 12_000L));
        assertThat(org.getCaps().getSpace()).isEqualTo(Map.of("s-7", 0L));
        assertThat(org.getPoolLowShare()).isEqualTo(10);
        assertThat(org.getOverageCap()).isEqualTo(50_000);
        assertThat(org.getAlertEmails()).containsExactly("owner@example.org");
        assertThat(org.getWebhooks()).containsExactly("https://hooks.example.org/tally");
        assertThat(examples.grants())
                .containsExactly(new Grant(
                        "org:example",
                        "topup-1",
                        "credits",
                        5_000L,
                        Instant.parse("2026-11-01T00:00:00Z"),
                        Instant.parse("2027-11-01T00:00:00Z")));
        assertThat(examples.memberships())
                .contains(
                        new Membership(
                                "example", "u-2", Role.ADMIN, MembershipStatus.INVITED, "u2@example.org", null, null),
                        new Membership(
                                "example",
                                "u-3",
                                Role.MEMBER,
                                MembershipStatus.REMOVED,
                                null,
                                Instant.parse("2026-03-20T00:00:00Z"),
                                Instant.parse("2026-05-02T12:00:00Z")));
    }

    private static List<SpecificRecord> records(Catalogue catalogue) {
        List<SpecificRecord> all = new ArrayList<>(catalogue.meters());
        all.addAll(catalogue.plans());
        all.addAll(catalogue.subscriptions());
        all.addAll(catalogue.grants());
        all.addAll(catalogue.memberships());
        return all;
    }

    private static void fieldsOf(Schema schema, Set<String> found) {
        switch (schema.getType()) {
            case RECORD ->
                schema.getFields().forEach(field -> {
                    if (found.add(schema.getName() + "." + field.name())) {
                        fieldsOf(field.schema(), found);
                    }
                });
            case UNION -> schema.getTypes().forEach(one -> fieldsOf(one, found));
            case ARRAY -> fieldsOf(schema.getElementType(), found);
            default -> {}
        }
    }

    private static void see(Object value, Set<String> unseen) {
        if (value instanceof IndexedRecord record) {
            for (Schema.Field field : record.getSchema().getFields()) {
                Object given = record.get(field.pos());
                if (!Objects.equals(given, otherwise(field))) {
                    unseen.remove(record.getSchema().getName() + "." + field.name());
                    see(given, unseen);
                }
            }
        } else if (value instanceof List<?> list) {
            list.forEach(item -> see(item, unseen));
        }
    }

    private static Object otherwise(Schema.Field field) {
        return field.hasDefaultValue() ? SpecificData.get().getDefaultValue(field) : "required";
    }
}
