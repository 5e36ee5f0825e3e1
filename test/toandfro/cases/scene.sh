# A scene through povray on two threads; the picture is the result.
cat >scene.pov <<END
#version 3.7;
global_settings { assumed_gamma 1 }
camera { location <0, 3, -8> look_at 0 }
light_source { <10, 20, -10> rgb 1 }
plane { y, -1 pigment { checker rgb 1 rgb 0 } finish { reflection 0.3 } }
#for (I, 0, 24) sphere { <mod(I, 5) - 2, int(I / 5) / 2, int(I / 5)>, 0.45 pigment { rgb <mod(I, 3) / 2, mod(I, 4) / 3, 0.6> } finish { phong 1 reflection 0.4 } } #end
END
povray +Iscene.pov +Oscene.ppm +FP +W480 +H360 +A0.2 +WT2 -J -D -GA >/dev/null 2>&1
echo "povray: $?"
LC_ALL=C sed -i "/^# Render Date/d" scene.ppm
md5sum <scene.ppm
