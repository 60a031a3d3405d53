from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file

from faceproof.systems.nets.inception_resnet_v1 import InceptionResnetV1


@pytest.mark.real_photos
def test_the_state_dict_loads_key_for_key(shared):
    tensors = load_file(shared / "weights" / "facenet-vggface2.safetensors")
    net = InceptionResnetV1()
    missing, unexpected = net.load_state_dict(tensors, strict=False)
    assert unexpected == []
    assert all(name.endswith("num_batches_tracked") for name in missing)


def test_classify_gives_logits_of_as_many_people():
    net = InceptionResnetV1(classify=True, num_classes=11, dropout=0.3).eval()
    assert net(torch.zeros(2, 3, 160, 160)).shape == (2, 11)
    assert net.dropout.p == 0.3


def test_classify_without_classes_is_refused():
    with pytest.raises(ValueError, match="num_classes"):
        InceptionResnetV1(classify=True)


def test_templates_have_unit_length_at_other_crop_sizes_too():
    net = InceptionResnetV1().eval()
    with torch.inference_mode():
        out = net(torch.randn(2, 3, 112, 112))
    torch.testing.assert_close(out.norm(dim=1), torch.ones(2))
