package dev.tally.schemas.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Subscription;
import org.junit.jupiter.api.Test;

class CatalogueJsonTest {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String FILE = """
            meters:
            - {meterId: credits, aggregation: SUM, units: [credits]}
            plans:
            - planId: team
              version: 1
              payer: ORG
              limits: [{scope: ORG, meter: credits, window: PERIOD, beyond: BILL}]
              allocations: [{meter: credits, base: 8000}]
              prices: {currency: USD, interval: MONTH, base: "49.00", overage: [{meter: credits, amount: "0.01"}]}
            subscriptions:
            - subject: org:o1
              anchor: 2026-01-31T10:15:30Z
              phases: [{planId: team, version: 1, effectiveFrom: 2026-01-31T10:15:30Z}]
              caps: {member: {"1": 5, "null": 6}}
              alertEmails: [a@example.com]
            grants:
            - {subject: org:o1, grantId: "7", meter: credits, amount: 5, effectiveAt: 2026-11-01T00:00:00Z}
            memberships:
            - {orgId: o1, userId: "1", status: ACCEPTED}
            """;

    @Test
    void shouldReadTheRecordsThatAFileHas() throws Exception {
        // Given
        Catalogue file = CatalogueFile.parse(FILE, "file");

        // When
        Subscription subscription = CatalogueJson.subscription(
                json("{'subject':'org:o1','anchor':'2026-01-31T10:15:30Z','phases':[{'planId':'team','version':1,"
                        + "'effectiveFrom':'2026-01-31T10:15:30Z'}],'caps':{'member':{'1':5,'null':6}},'webhooks':null,"
                        + "'alertEmails':['a@example.com']}"),
                file);
        Grant grant = CatalogueJson.grant(
                json(
                        "{'subject':'org:o1','grantId':'7','meter':'credits','amount':5,'effectiveAt':'2026-11-01T00:00:00Z'}"),
                file);
        Membership membership = CatalogueJson.membership(json("{'orgId':'o1','userId':'1','status':'ACCEPTED'}"), file);

        // Then
        assertThat(subscription).isEqualTo(file.subscriptions().get(0));
        assertThat(grant).isEqualTo(file.grants().get(0));
        assertThat(membership).isEqualTo(file.memberships().get(0));
        assertThat(CatalogueJson.missingPlans(subscription, file)).isEmpty();
        assertThat(CatalogueJson.missingPlans(subscription, Catalogue.EMPTY)).containsExactly("team@1");
    }

    @Test
    void shouldTakeTextForTextAndNumbersForNumbers() {
        // When
        CatalogueException refused = catchThrowableOfType(
                CatalogueException.class,
                () -> CatalogueJson.grant(
                        json("{'subject':'org:o1','grantId':7,'meter':true,'amount':'5','effectiveAt':null,'note':''}"),
                        Catalogue.EMPTY));

        // Then
        assertThat(refused.problems())
                .containsExactly(
                        "grantId: must be text; put it in quotes",
                        "meter: must be text; put it in quotes",
                        "amount: must be a whole number, not '5'",
                        "effectiveAt: is missing",
                        "note: there is no such field");
    }

    @Test
    void shouldChangeOnlyTheSettingsThatAreGiven() throws Exception {
        // Given
        Catalogue file = CatalogueFile.parse(FILE, "file");
        Subscription before = file.subscriptions().get(0);

        // When
        Subscription unchanged = CatalogueJson.settings(json("{}"), before, file);
        Subscription changed = CatalogueJson.settings(json("{'caps':null,'overageCap':7}"), before, file);

        // Then
        assertThat(unchanged).isEqualTo(before);
        assertThat(changed)
                .isEqualTo(Subscription.newBuilder(before)
                        .setCaps(null)
                        .setOverageCap(7L)
                        .build());
    }

    private static ObjectNode json(String text) {
        try {
            return (ObjectNode) MAPPER.readTree(text.replace('\'', '"'));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
