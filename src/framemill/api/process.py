"""`/ws/v1/process`: the job service. Media comes in, results go out, over one WebSocket."""

from fastapi import APIRouter, WebSocket

from framemill.api.dependencies import Action
from framemill.api.process_conversation import Conversation
from framemill.api.process_desk import Desk
from framemill.api.process_frames import LARGEST
from framemill.api.sockets import Bounds, Visit, admit

PATH = "/ws/v1/process"
router = APIRouter()


@router.websocket(PATH)
async def process(socket: WebSocket) -> None:
    """One connection."""
    desk: Desk = socket.app.state.desk

    async def talk(visit: Visit) -> None:
        await Conversation(visit, desk).run()

    await admit(socket, talk, action=Action.JOBS_SUBMIT, bounds=Bounds(largest=LARGEST))
