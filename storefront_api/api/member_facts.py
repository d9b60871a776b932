"""What a shop's own server knows of a member: their birthday, and whether they are subscribed."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from orders.customer_facts import tell
from storefront_api.api.bodies import BoundedJSON
from storefront_api.api.event_fields import MemberFactsSerializer
from storefront_api.api.serializers import MemberSerializer
from storefront_api.api.views import Member


class MemberFacts(Member):
    parser_classes = (BoundedJSON,)

    @extend_schema(
        operation_id="members_partial_update",
        request=MemberFactsSerializer,
        responses={200: MemberSerializer},
    )
    def patch(self, request: Request, member_id: int) -> Response:
        """Tell a member's birthday, and whether they are subscribed; they are awarded as the program says."""
        member = self.member()
        told = MemberFactsSerializer(data=request.data)
        told.is_valid(raise_exception=True)
        tell(member, **told.validated_data)
        return Response(self.get_serializer(self.member()).data)
